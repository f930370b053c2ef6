import { i32, v128, type Expression } from "../assembler/expression.js";
import type { FunctionReference } from "../assembler/function-builder.js";
import type { ModuleBuilder } from "../assembler/module-builder.js";
import { consecutive, entry, plus, times } from "./addressing.js";
import type { Element } from "./element.js";
import type { Epilogue, MatmulSpec } from "./spec.js";

type Int = Expression<"i32">;

/** Where C stands: its address, and its tables of byte offsets (not read if it is row-major). */
export interface OutputBase {
  readonly c: Int;
  readonly cRows: Int;
  readonly cColumns: Int;
}

/** How addresses in C are computed. */
export interface Output {
  readonly rowAddress: (base: OutputBase, row: Int) => Int;
  readonly columnOffset: (base: OutputBase, column: Int) => Int;
  /** Whether as many elements as a vector has lanes are neighbours from this column on. */
  readonly neighbours: (base: OutputBase, column: Int) => Int;
  /** The bytes from row to row, if every row is contiguous. */
  readonly rowStride: number | null;
}

export function outputOf({ c, n }: MatmulSpec, element: Element): Output {
  if (c?.layout === "tables") {
    return {
      rowAddress: (base, row) => i32.add(base.c, i32.load(entry(base.cRows, row))),
      columnOffset: (base, column) => i32.load(entry(base.cColumns, column)),
      neighbours: (base, column) => consecutive(element, entry(base.cColumns, column)),
      rowStride: null,
    };
  }
  const rowStride = c?.rowStride ?? n * element.size;
  return {
    rowAddress: (base, row) => i32.add(base.c, times(row, rowStride)),
    columnOffset: (_, column) => times(column, element.size),
    neighbours: () => i32.const(1),
    rowStride,
  };
}

/**
 * Writes the copy of a tile, stored with `width` elements a row, to a part of C, or its addition to it.
 *
 * Its parameters are `(tile, c, cRows, cColumns, row, rowEnd, column, columnEnd, accumulate)`.
 */
export function emitStoreTile(
  module: ModuleBuilder,
  element: Element,
  output: Output,
  width: number,
): FunctionReference<null> {
  const { lanes, size } = element;
  return module.function(
    { parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], result: null },
    (body, tile, c, cRows, cColumns, row, rowEnd, column, columnEnd, accumulate) => {
      const base = { c, cRows, cColumns };
      const source = body.local("i32");
      const target = body.local("i32");
      body.for({ from: row, to: rowEnd }, (i) => {
        const rowAddress = body.keep(output.rowAddress(base, i));
        const j = body.keep(column);
        source.set(tile);
        body.while(i32.lessSigned(j, columnEnd), () => {
          target.set(i32.add(rowAddress, output.columnOffset(base, j)));
          body.if(
            isWhole(output, base, lanes, j, columnEnd),
            () => {
              body.if(
                accumulate,
                () => {
                  body.store(target, element.add(v128.load(target), v128.load(source)));
                },
                () => {
                  body.store(target, v128.load(source));
                },
              );
              j.set(plus(j, lanes));
              source.set(plus(source, 16));
            },
            () => {
              body.if(
                accumulate,
                () => {
                  body.store(target, element.loadSum(target, source));
                },
                () => {
                  body.store(target, element.load(source));
                },
              );
              j.set(plus(j, 1));
              source.set(plus(source, size));
            },
          );
        });
        tile.set(plus(tile, width * size));
      });
    },
  );
}

/**
 * Writes the pass of the epilogue over a part of C, while it is still in the cache.
 *
 * Its parameters are `(c, cRows, cColumns, buffer, batch, context, row, rowEnd, column, columnEnd)`; the buffer holds one vector.
 */
export function emitEpilogue(
  module: ModuleBuilder,
  element: Element,
  output: Output,
  epilogue: Epilogue,
): FunctionReference<null> {
  const { lanes, size } = element;
  return module.function(
    { parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], result: null },
    (body, c, cRows, cColumns, buffer, batch, context, row, rowEnd, column, columnEnd) => {
      const base = { c, cRows, cColumns };
      const value = body.local("v128");
      const whole = body.local("i32");
      const target = body.local("i32");
      body.for({ from: row, to: rowEnd }, (i) => {
        const rowAddress = body.keep(output.rowAddress(base, i));
        body.for({ from: column, to: columnEnd, step: lanes }, (j) => {
          target.set(i32.add(rowAddress, output.columnOffset(base, j)));
          whole.set(isWhole(output, base, lanes, j, columnEnd));
          const eachLane = (copy: (elementAddress: Int, lane: number) => void): void => {
            for (let lane = 0; lane < lanes; lane++) {
              body.if(i32.lessSigned(plus(j, lane), columnEnd), () => {
                copy(i32.add(rowAddress, output.columnOffset(base, plus(j, lane))), lane);
              });
            }
          };
          body.if(
            whole,
            () => {
              value.set(v128.load(target));
            },
            () => {
              eachLane((address, lane) => {
                body.store(buffer, element.load(address), lane * size);
              });
              value.set(v128.load(buffer));
            },
          );
          value.set(epilogue(body, { value, row: i, column: j, batch, context }));
          body.if(
            whole,
            () => {
              body.store(target, value);
            },
            () => {
              body.store(buffer, value);
              eachLane((address, lane) => {
                body.store(address, element.load(buffer, lane * size));
              });
            },
          );
        });
      });
    },
  );
}

/** Whether a vector from this column on is inside the range and contiguous in memory. */
function isWhole(output: Output, base: OutputBase, lanes: number, column: Int, columnEnd: Int): Int {
  const inside = i32.lessEqualSigned(plus(column, lanes), columnEnd);
  if (output.rowStride !== null) return inside;
  return i32.and(inside, output.neighbours(base, column));
}
