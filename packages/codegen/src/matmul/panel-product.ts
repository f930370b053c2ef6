import { i32, type Expression } from "../machine/expression.js";
import type { FunctionReference, Local } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import { entry, minimum, plus, times } from "./addressing.js";
import type { Element } from "./element.js";
import { emitStoreTile, outputOf } from "./output.js";
import type { Plan } from "./plan.js";
import type { MatmulSpec } from "./spec.js";
import { firstRowOf, heightOf, stripBytes } from "./strips.js";
import { emitTile } from "./tile.js";

type Int = Expression<"i32">;

/** The parameters of the function that `emitPanelProduct` writes, all `i32`. */
const panelProductParameters = [
  "packedA",
  "b",
  "bRows",
  "bColumns",
  "depth",
  "c",
  "cRows",
  "cColumns",
  "buffer",
  "strip",
  "stripEnd",
  "column",
  "columnEnd",
  "accumulate",
] as const;

/**
 * Writes a function that multiplies packed strips of A by some panels of B, and stores the product to C or adds it to C.
 *
 * `packedA` is the address of the first strip, `strip` to `stripEnd` the range of strips; `depth` is the number of steps of k in
 * them; `column` to `columnEnd` is the range of columns of the panels; `buffer` is memory for one tile. If the panels are `packed`,
 * `b` is the address of the first one; if `inPlace`, it is the address of B, which is read by its tables `bRows`, from the first p
 * on, and `bColumns`.
 */
export function emitPanelProduct(
  module: ModuleBuilder,
  spec: MatmulSpec,
  element: Element,
  plan: Plan,
  panels: "packed" | "inPlace",
): FunctionReference<null> {
  const { tile, width, strips, tallStrips } = plan;
  const output = outputOf(spec, element);
  const tall = emitTile(module, element, tile, spec.machine, panels);
  const short =
    tallStrips === strips
      ? tall
      : emitTile(module, element, { ...tile, rows: tile.rows - 1 }, spec.machine, panels);
  const storeTile = emitStoreTile(module, element, output, width);
  const stepBytes = width * element.size;

  return module.function(
    { parameters: panelProductParameters.map(() => "i32" as const), result: null },
    (body, ...locals) => {
      const input = (name: (typeof panelProductParameters)[number]): Local<"i32"> =>
        locals[panelProductParameters.indexOf(name)];
      const [packedA, depth, buffer, accumulate] = [
        input("packedA"),
        input("depth"),
        input("buffer"),
        input("accumulate"),
      ];
      const base = { c: input("c"), cRows: input("cRows"), cColumns: input("cColumns") };
      const [columnFrom, columnTo] = [input("column"), input("columnEnd")];
      const end = body.keep(panels === "packed" ? times(depth, stepBytes) : entry(input("bRows"), depth));
      /** The arguments by which a tile reads B: the panel and its end, or the table of rows, its end, and the start of each vector. */
      const sources = (panel: Int, column: Int): Int[] => {
        if (panels === "packed") return [panel, i32.add(panel, end)];
        const starts = Array.from({ length: tile.vectors }, (_, j) =>
          i32.add(input("b"), i32.load(entry(input("bColumns"), column), 4 * j * element.lanes)),
        );
        return [input("bRows"), end, ...starts];
      };
      body.for({ from: input("strip"), to: input("stripEnd") }, (strip) => {
        const row = body.keep(firstRowOf(strip, plan));
        const panel = body.keep(input("b"));
        const multiply = (column: Int, target: Int, stride: number, add: Int): void => {
          const call = (kernel: FunctionReference<null>) => (): void => {
            body.call(kernel, packedA, ...sources(panel, column), target, i32.const(stride), add);
          };
          if (short === tall) call(tall)();
          else body.if(i32.lessSigned(strip, i32.const(tallStrips)), call(tall), call(short));
        };
        const multiplyThroughBuffer = (column: Int): void => {
          multiply(column, buffer, stepBytes, i32.const(0));
          const rowEnd = i32.add(row, heightOf(strip, plan));
          const rightEdge = minimum(body.keep(plus(column, width)), columnTo);
          const { c, cRows, cColumns } = base;
          body.call(storeTile, buffer, c, cRows, cColumns, row, rowEnd, column, rightEdge, accumulate);
        };
        body.for({ from: columnFrom, to: columnTo, step: width }, (column) => {
          const { rowStride } = output;
          if (rowStride === null) {
            multiplyThroughBuffer(column);
          } else {
            const inside = i32.lessEqualSigned(plus(column, width), columnTo);
            body.if(
              i32.and(inside, output.neighbours(column, width)),
              () => {
                const target = i32.add(output.rowAddress(base, row), output.columnOffset(base, column));
                multiply(column, body.keep(target), rowStride, accumulate);
              },
              () => {
                multiplyThroughBuffer(column);
              },
            );
          }
          panel.set(plus(panel, plan.depth * stepBytes));
        });
        packedA.set(plus(packedA, stripBytes(plan, element)));
      });
    },
  );
}

/** The bytes of the buffer in which a tile is stored before its valid part is copied to C. */
export function tileBytes({ tile, width }: Plan, { size }: Element): number {
  return tile.rows * width * size;
}
