import { i32, type Expression } from "../machine/expression.js";
import type { FunctionBuilder, FunctionReference } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import { consecutive, entry, minimum, plus, times } from "./addressing.js";
import { elementOf } from "./element.js";
import { emitEpilogue, outputOf } from "./output.js";
import { emitPackGroup, emitPackPanels } from "./pack.js";
import { emitPanelProduct, tileBytes } from "./panel-product.js";
import { planProduct } from "./plan.js";
import { emitRun, type Matmul } from "./run.js";
import type { MatmulSpec } from "./spec.js";
import { firstRowOf, heightOf, stripBytes } from "./strips.js";

type Int = Expression<"i32">;

/** Bytes of C that are finished together. */
const blockOfC = 512 * 1024;
/**
 * Lines that are neighbours are packed so many steps of k at a time, all of them: a line of the cache then has the elements of
 * several, and is still near when the next one comes.
 */
const stepsAtOnce = 32;

/**
 * Writes a product that copies its operands into the order in which the inner loop reads them: B in panels of a few
 * columns, A in strips of a few rows, each a block of k at a time.
 *
 *     for panels of B that fit in the cache
 *       for blocks of k
 *         pack the panels, if there is more than one block of strips
 *         for strips of A that fit in the cache
 *           pack the strips
 *           for panels: pack the panel, if it was not; for strips: multiply, into C
 *           the epilogue, after the last block of k
 *
 * With one block of strips a panel is used once: it is packed right before, and is still in the L1 when it is read.
 */
export function emitPacked(module: ModuleBuilder, spec: MatmulSpec, name?: string): Matmul {
  const { n, k } = spec;
  const element = elementOf(spec.dtype, spec.machine);
  const { lanes, size } = element;
  const plan = planProduct(spec, element);
  const { tile, width, depth, depthBlocks, stripsPerBlock } = plan;
  const { panelsAtOnce } = plan;
  const inPlace = spec.b.overlapping === true;
  const packsAhead = stripsPerBlock < plan.strips && !inPlace;
  const panelsPerBlock = packsAhead ? plan.panelsPerBlock : plan.panels;
  // So much of C that it is still in the cache when the epilogue comes; but its rows should not be short.
  const columnBytes = Math.max(1, stripsPerBlock * tile.rows * size);
  const groups = Math.max(1, Math.floor(blockOfC / (columnBytes * width * panelsAtOnce)));
  const panelsPerEpilogue = spec.epilogue === undefined ? panelsPerBlock : groups * panelsAtOnce;

  const panelBytes = depth * width * size;
  const bufferBytes = Math.max(element.vectorBytes, tileBytes(plan, element));
  const stripsBytes = stripsPerBlock * stripBytes(plan, element);

  const packGroup = emitPackGroup(module, element);
  const packPanels = emitPackPanels(module, element, plan, packGroup);
  const multiplyPacked = emitPanelProduct(module, spec, element, plan, "packed");
  const multiplyInPlace = inPlace ? emitPanelProduct(module, spec, element, plan, "inPlace") : null;
  const epilogue =
    spec.epilogue === undefined
      ? null
      : emitEpilogue(module, element, outputOf(spec, element), spec.epilogue);

  const run = emitRun(module, name, (body, inputs) => {
    const { a, b, c, cRows, cColumns, scratch, context } = inputs;
    const packedStrips = body.keep(plus(scratch, bufferBytes));
    const packedPanels = body.keep(plus(packedStrips, stripsBytes));

    eachBlock(body, inputs.columnBlock, inputs.columnBlockEnd, panelsPerBlock, (panelFrom, panelTo) => {
      body.for({ to: i32.const(depthBlocks) }, (depthBlock) => {
        const p = body.keep(times(depthBlock, depth));
        const steps = body.keep(minimum(i32.const(depth), body.keep(i32.sub(i32.const(k), p))));

        const packPanel = (panel: Int, target: Int, from: Int, count: Int): void => {
          const column = body.keep(times(panel, width));
          body.call(
            packPanels,
            b,
            entry(inputs.bColumns, column),
            i32.sub(i32.const(n), column),
            entry(inputs.bRows, i32.add(p, from)),
            count,
            i32.add(target, times(from, width * size)),
          );
        };
        const packStrip = (strip: Int, target: Int, from: Int, count: Int): void => {
          const row = body.keep(firstRowOf(strip, plan));
          const height = body.keep(heightOf(strip, plan));
          const step = body.keep(times(height, size));
          const first = body.keep(i32.add(target, i32.mul(from, step)));
          // From the last group to the first, because a group writes past its rows.
          for (let g = Math.floor((tile.rows - 1) / lanes) * lanes; g >= 0; g -= lanes) {
            body.if(i32.greaterSigned(height, i32.const(g)), () => {
              body.call(
                packGroup,
                a,
                entry(inputs.aRows, plus(row, g)),
                plus(height, -g),
                entry(inputs.aColumns, i32.add(p, from)),
                count,
                plus(first, g * size),
                step,
              );
            });
          }
        };
        const panelAddress = (panel: Int): Int =>
          packsAhead ? i32.add(packedPanels, times(i32.sub(panel, panelFrom), panelBytes)) : packedPanels;

        /** Goes through the steps of this block, some at a time if lines are neighbours. */
        const eachPart = (neighbours: boolean, write: (from: Int, count: Int) => void): void => {
          eachBlock(body, i32.const(0), steps, neighbours ? stepsAtOnce : depth, (from, to) => {
            write(from, body.keep(i32.sub(to, from)));
          });
        };

        if (packsAhead) {
          eachPart(spec.b.layout === "rowsContiguous", (from, count) => {
            body.for({ from: panelFrom, to: panelTo, step: panelsAtOnce }, (panel) => {
              packPanel(panel, body.keep(panelAddress(panel)), from, count);
            });
          });
        }
        eachBlock(body, inputs.rowBlock, inputs.rowBlockEnd, stripsPerBlock, (stripFrom, stripTo) => {
          eachPart(spec.a.layout === "columnsContiguous", (from, count) => {
            body.for({ from: stripFrom, to: stripTo }, (strip) => {
              const target = i32.add(
                packedStrips,
                times(i32.sub(strip, stripFrom), stripBytes(plan, element)),
              );
              packStrip(strip, target, from, count);
            });
          });
          eachBlock(body, panelFrom, panelTo, panelsPerEpilogue, (groupFrom, groupTo) => {
            eachBlock(body, groupFrom, groupTo, panelsAtOnce, (panel, panelEnd) => {
              const column = body.keep(times(panel, width));
              const columnEnd = body.keep(times(panelEnd, width));
              columnEnd.set(minimum(columnEnd, i32.const(n)));
              const multiply = (target: FunctionReference<null>, from: Int): void => {
                const tables = [entry(inputs.bRows, p), inputs.bColumns];
                const range = [stripFrom, stripTo, column, columnEnd];
                body.call(
                  target,
                  packedStrips,
                  from,
                  ...tables,
                  steps,
                  c,
                  cRows,
                  cColumns,
                  scratch,
                  ...range,
                  depthBlock,
                );
              };
              const multiplyPanels = (): void => {
                const packed = body.keep(panelAddress(panel));
                if (!packsAhead) packPanel(panel, packed, i32.const(0), steps);
                multiply(multiplyPacked, packed);
              };
              if (multiplyInPlace === null) {
                multiplyPanels();
              } else {
                const vectors = Array.from({ length: tile.vectors }, (_, j) =>
                  consecutive(element, entry(inputs.bColumns, plus(column, j * lanes))),
                );
                const neighbours = vectors.reduce((x, y) => i32.and(x, y));
                const whole = i32.eq(i32.sub(columnEnd, column), i32.const(width));
                // Two conditions, because the table ends with the last column.
                const together = body.local("i32");
                together.set(i32.const(0));
                body.if(whole, () => {
                  together.set(neighbours);
                });
                body.if(
                  together,
                  () => {
                    multiply(multiplyInPlace, b);
                  },
                  multiplyPanels,
                );
              }
            });
            if (epilogue !== null) {
              body.if(i32.eq(depthBlock, i32.const(depthBlocks - 1)), () => {
                const columnEnd = minimum(body.keep(times(groupTo, width)), i32.const(n));
                const rows = [firstRowOf(stripFrom, plan), firstRowOf(stripTo, plan)];
                const columns = [times(groupFrom, width), columnEnd];
                body.call(epilogue, c, cRows, cColumns, context, ...rows, ...columns);
              });
            }
          });
        });
      });
    });
  });
  return {
    run,
    scratchBytes: bufferBytes + stripsBytes + plan.panelsPerBlock * panelBytes,
    rowBlocks: plan.strips,
    columnBlocks: plan.panels,
  };
}

/** Goes through a range a block at a time. */
function eachBlock(
  body: FunctionBuilder,
  from: Int,
  to: Int,
  step: number,
  write: (from: Int, to: Int) => void,
): void {
  body.for({ from, to, step: Math.max(1, step) }, (first) => {
    const end = body.keep(plus(first, step));
    end.set(minimum(end, to));
    write(first, end);
  });
}
