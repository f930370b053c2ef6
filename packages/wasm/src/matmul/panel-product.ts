import { i32, type Expression } from "../assembler/expression.js";
import type { FunctionReference } from "../assembler/function-builder.js";
import type { ModuleBuilder } from "../assembler/module-builder.js";
import { minimum, plus, times } from "./addressing.js";
import type { Element } from "./element.js";
import { emitStoreTile, outputOf } from "./output.js";
import type { Plan } from "./plan.js";
import type { MatmulSpec } from "./spec.js";
import { firstRowOf, heightOf } from "./strips.js";
import { emitTile } from "./tile.js";

type Int = Expression<"i32">;

/**
 * Writes the product of packed strips of A and packed panels of B, stored to C or added to it.
 *
 * Its parameters are `(packedA, packedB, depth, c, cRows, cColumns, buffer, strip, stripEnd, column, columnEnd, accumulate)`: the first
 * of the strips and of the panels, how much of k is in them, the output, room for a tile, the range of strips, and the
 * columns of the panels.
 */
export function emitPanelProduct(
  module: ModuleBuilder,
  spec: MatmulSpec,
  element: Element,
  plan: Plan,
): FunctionReference<null> {
  const { tile, width, strips, tallStrips } = plan;
  const output = outputOf(spec, element);
  const tall = emitTile(module, element, tile, spec.relaxed);
  const short =
    tallStrips === strips ? tall : emitTile(module, element, { ...tile, rows: tile.rows - 1 }, spec.relaxed);
  const storeTile = emitStoreTile(module, element, output, width);
  const stepBytes = width * element.size;

  return module.function(
    { parameters: Array.from({ length: 12 }, () => "i32" as const), result: null },
    (body, ...inputs) => {
      const [
        packedA,
        packedB,
        depth,
        c,
        cRows,
        cColumns,
        buffer,
        from,
        to,
        columnFrom,
        columnTo,
        accumulate,
      ] = inputs;
      const base = { c, cRows, cColumns };
      const usedBytes = body.keep(times(depth, stepBytes));
      body.for({ from, to }, (strip) => {
        const row = body.keep(firstRowOf(strip, plan));
        const panel = body.keep(packedB);
        const multiply = (target: Int, stride: number, add: Int): void => {
          const call = (kernel: FunctionReference<null>) => (): void => {
            const panelEnd = i32.add(panel, usedBytes);
            body.call(kernel, packedA, panel, panelEnd, target, i32.const(stride), add);
          };
          if (short === tall) call(tall)();
          else body.if(i32.lessSigned(strip, i32.const(tallStrips)), call(tall), call(short));
        };
        const multiplyThroughBuffer = (column: Int): void => {
          multiply(buffer, stepBytes, i32.const(0));
          const end = i32.add(row, heightOf(strip, plan));
          const rightEdge = minimum(body.keep(plus(column, width)), columnTo);
          body.call(storeTile, buffer, c, cRows, cColumns, row, end, column, rightEdge, accumulate);
        };
        body.for({ from: columnFrom, to: columnTo, step: width }, (column) => {
          const { rowStride } = output;
          if (rowStride === null) {
            multiplyThroughBuffer(column);
          } else {
            body.if(
              i32.lessEqualSigned(plus(column, width), columnTo),
              () => {
                const target = i32.add(output.rowAddress(base, row), output.columnOffset(base, column));
                multiply(body.keep(target), rowStride, accumulate);
              },
              () => {
                multiplyThroughBuffer(column);
              },
            );
          }
          panel.set(plus(panel, plan.depth * stepBytes));
        });
        packedA.set(plus(packedA, plan.depth * tile.rows * element.size));
      });
    },
  );
}

/** Room for one tile as it is stored before its valid part goes to C. */
export function tileBytes({ tile, width }: Plan, { size }: Element): number {
  return tile.rows * width * size;
}
