import { i32, type Expression } from "../assembler/expression.js";
import type { FunctionBuilder } from "../assembler/function-builder.js";
import type { ModuleBuilder } from "../assembler/module-builder.js";
import { entry, minimum, plus, times } from "./addressing.js";
import { elements } from "./element.js";
import { emitEpilogue, outputOf } from "./output.js";
import { emitPackGroup, emitPackPanels } from "./pack.js";
import { emitPanelProduct, tileBytes } from "./panel-product.js";
import { planProduct } from "./plan.js";
import { emitRun, type Matmul } from "./run.js";
import type { MatmulSpec } from "./spec.js";
import { firstRowOf, heightOf } from "./strips.js";

type Int = Expression<"i32">;

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
  const element = elements[spec.dtype];
  const { lanes, size } = element;
  const plan = planProduct(spec.m, n, k, element, spec.relaxed);
  const { tile, width, depth, depthBlocks, stripsPerBlock } = plan;
  const { panelsAtOnce } = plan;
  const packsAhead = stripsPerBlock < plan.strips;
  const panelsPerBlock = packsAhead ? plan.panelsPerBlock : plan.panels;

  const stripBytes = depth * tile.rows * size;
  const panelBytes = depth * width * size;
  const bufferBytes = Math.max(16, tileBytes(plan, element));
  // The last group of the last strip writes whole vectors.
  const stripsBytes = stripsPerBlock * stripBytes + 16;

  const packGroup = emitPackGroup(module, element);
  const packPanels = emitPackPanels(module, element, plan, packGroup);
  const multiply = emitPanelProduct(module, spec, element, plan);
  const epilogue =
    spec.epilogue === undefined
      ? null
      : emitEpilogue(module, element, outputOf(spec, element), spec.epilogue);

  const run = emitRun(module, name, (body, inputs) => {
    const { a, b, c, cRows, cColumns, scratch, batch, context } = inputs;
    const packedStrips = body.keep(plus(scratch, bufferBytes));
    const packedPanels = body.keep(plus(packedStrips, stripsBytes));

    eachBlock(body, inputs.columnBlock, inputs.columnBlockEnd, panelsPerBlock, (panelFrom, panelTo) => {
      body.for({ to: i32.const(depthBlocks) }, (depthBlock) => {
        const p = body.keep(times(depthBlock, depth));
        const steps = body.keep(minimum(i32.const(depth), body.keep(i32.sub(i32.const(k), p))));

        const pack = (panel: Int, target: Int): void => {
          const column = body.keep(times(panel, width));
          const count = i32.sub(i32.const(n), column);
          body.call(
            packPanels,
            b,
            entry(inputs.bColumns, column),
            count,
            entry(inputs.bRows, p),
            steps,
            target,
          );
        };
        const packStrip = (strip: Int, target: Int): void => {
          const row = body.keep(firstRowOf(strip, plan));
          const height = body.keep(heightOf(strip, plan));
          // From the last group to the first, because a group writes past its rows.
          for (let g = Math.floor((tile.rows - 1) / lanes) * lanes; g >= 0; g -= lanes) {
            body.if(i32.greaterSigned(height, i32.const(g)), () => {
              const lines = entry(inputs.aRows, plus(row, g));
              const count = plus(height, -g);
              const step = times(height, size);
              body.call(
                packGroup,
                a,
                lines,
                count,
                entry(inputs.aColumns, p),
                steps,
                plus(target, g * size),
                step,
              );
            });
          }
        };
        const panelAddress = (panel: Int): Int =>
          packsAhead ? i32.add(packedPanels, times(i32.sub(panel, panelFrom), panelBytes)) : packedPanels;

        if (packsAhead) {
          body.for({ from: panelFrom, to: panelTo, step: panelsAtOnce }, (panel) => {
            pack(panel, body.keep(panelAddress(panel)));
          });
        }
        eachBlock(body, inputs.rowBlock, inputs.rowBlockEnd, stripsPerBlock, (stripFrom, stripTo) => {
          body.for({ from: stripFrom, to: stripTo }, (strip) => {
            const target = i32.add(packedStrips, times(i32.sub(strip, stripFrom), stripBytes));
            packStrip(strip, body.keep(target));
          });
          eachBlock(body, panelFrom, panelTo, panelsAtOnce, (panel, panelEnd) => {
            const packed = body.keep(panelAddress(panel));
            if (!packsAhead) pack(panel, packed);
            const columnEnd = minimum(body.keep(times(panelEnd, width)), i32.const(n));
            const range = [stripFrom, stripTo, times(panel, width), columnEnd];
            body.call(
              multiply,
              packedStrips,
              packed,
              steps,
              c,
              cRows,
              cColumns,
              scratch,
              ...range,
              depthBlock,
            );
          });
          if (epilogue !== null) {
            body.if(i32.eq(depthBlock, i32.const(depthBlocks - 1)), () => {
              const columnEnd = minimum(body.keep(times(panelTo, width)), i32.const(n));
              const rows = [firstRowOf(stripFrom, plan), firstRowOf(stripTo, plan)];
              const columns = [times(panelFrom, width), columnEnd];
              body.call(epilogue, c, cRows, cColumns, scratch, batch, context, ...rows, ...columns);
            });
          }
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
