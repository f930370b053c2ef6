import { i32, type Expression } from "../assembler/expression.js";
import type { FunctionReference } from "../assembler/function-builder.js";
import type { ModuleBuilder } from "../assembler/module-builder.js";
import { minimum, plus } from "./addressing.js";
import type { Element } from "./element.js";
import { emitStoreTile, outputOf } from "./output.js";
import type { Plan } from "./plan.js";
import type { MatmulSpec } from "./spec.js";
import { firstRowOf, heightOf } from "./strips.js";
import { emitTile } from "./tile.js";

type Int = Expression<"i32">;

/**
 * Writes the product of packed strips of A and one packed panel of B, stored to C or added to it.
 *
 * Its parameters are `(packedA, packedB, packedEnd, c, cRows, cColumns, buffer, strip, stripEnd, column, accumulate)`: the first of
 * the strips, the panel and its end, the output, room for a tile, the range of strips and the panel's first column.
 */
export function emitPanelProduct(
  module: ModuleBuilder,
  spec: MatmulSpec,
  element: Element,
  plan: Plan,
  stripBytes: number,
): FunctionReference<null> {
  const { tile, width, strips, tallStrips } = plan;
  const output = outputOf(spec, element);
  const tall = emitTile(module, element, tile, spec.relaxed);
  const short =
    tallStrips === strips ? tall : emitTile(module, element, { ...tile, rows: tile.rows - 1 }, spec.relaxed);
  const storeTile = emitStoreTile(module, element, output, width);
  const tileStride = i32.const(width * element.size);

  return module.function(
    { parameters: Array.from({ length: 11 }, () => "i32" as const), result: null },
    (body, ...inputs) => {
      const [packedA, packedB, packedEnd, c, cRows, cColumns, buffer, from, to, column, accumulate] = inputs;
      const columnEnd = body.keep(minimum(body.keep(plus(column, width)), i32.const(spec.n)));
      const wholeVectors = i32.eq(i32.sub(columnEnd, column), i32.const(width));
      const direct = body.keep(output.rowStride === null ? i32.const(0) : wholeVectors);
      body.for({ from, to }, (strip) => {
        const row = body.keep(firstRowOf(strip, plan));
        const multiply = (target: Int, stride: Int, add: Int): void => {
          const call = (kernel: FunctionReference<null>) => (): void => {
            body.call(kernel, packedA, packedB, packedEnd, target, stride, add);
          };
          if (short === tall) call(tall)();
          else body.if(i32.lessSigned(strip, i32.const(tallStrips)), call(tall), call(short));
        };
        body.if(
          direct,
          () => {
            const base = { c, cRows, cColumns };
            const target = i32.add(output.rowAddress(base, row), output.columnOffset(base, column));
            multiply(body.keep(target), i32.const(output.rowStride ?? 0), accumulate);
          },
          () => {
            multiply(buffer, tileStride, i32.const(0));
            const rowEnd = i32.add(row, heightOf(strip, plan));
            body.call(storeTile, buffer, c, cRows, cColumns, row, rowEnd, column, columnEnd, accumulate);
          },
        );
        packedA.set(plus(packedA, stripBytes));
      });
    },
  );
}

/** Room for one tile as it is stored before its valid part goes to C. */
export function tileBytes({ tile, width }: Plan, { size }: Element): number {
  return tile.rows * width * size;
}
