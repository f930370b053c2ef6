import { i32, v128, type Expression } from "../machine/expression.js";
import type { FunctionReference } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import { entry, minimum, plus, times } from "./addressing.js";
import type { Element } from "./element.js";
import type { Epilogue, MatmulSpec } from "./spec.js";

type Int = Expression<"i32">;

/** The location of C: its address, and its tables of byte offsets, which are read only where no constant stride is known. */
export interface OutputBase {
  readonly c: Int;
  readonly cRows: Int;
  readonly cColumns: Int;
}

/** The address in C of the result for line i of one operand and line j of the other; either of them may have the rows. */
export type Cell = (base: OutputBase, i: Int, j: Int) => Int;

/** Computes addresses in C. */
export interface Output {
  readonly rowAddress: (base: OutputBase, row: Int) => Int;
  readonly columnOffset: (base: OutputBase, column: Int) => Int;
  /** Whether the next `count` elements, from this column on, are neighbours. */
  readonly neighbours: (column: Int, count: number) => Int;
  /** The bytes from one row to the next; `null` if this is not constant. */
  readonly rowStride: number | null;
  /** The number of columns that are neighbours; `null` for all. */
  readonly run: number | null;
}

export function outputOf({ c, n }: MatmulSpec, { size }: Element): Output {
  const { rowStride, run } = c ?? { rowStride: n * size, run: null };
  return {
    rowAddress: (base, row) =>
      i32.add(base.c, rowStride === null ? i32.load(entry(base.cRows, row)) : times(row, rowStride)),
    columnOffset: (base, column) => offsetInRuns(base.cColumns, column, run, size),
    neighbours: (column, count) =>
      run === null
        ? i32.const(1)
        : i32.lessEqualSigned(i32.remainderUnsigned(column, i32.const(run)), i32.const(run - count)),
    rowStride,
    run,
  };
}

/** The offset of a column, where columns are neighbours in runs of length `run`. The table holds the offset of each run. */
export function offsetInRuns(table: Int, column: Int, run: number | null, size: number): Int {
  if (run === null) return times(column, size);
  const start = i32.load(entry(table, i32.divUnsigned(column, i32.const(run))));
  return i32.add(start, times(i32.remainderUnsigned(column, i32.const(run)), size));
}

/**
 * Writes a function that copies a tile, stored with `width` elements per row, to a part of C, or adds it to that part.
 *
 * Its parameters are `(tile, c, cRows, cColumns, row, rowEnd, column, columnEnd, accumulate)`.
 */
export function emitStoreTile(
  module: ModuleBuilder,
  element: Element,
  output: Output,
  width: number,
): FunctionReference<null> {
  const { lanes, size, vectorBytes } = element;
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
            i32.and(i32.lessEqualSigned(plus(j, lanes), columnEnd), output.neighbours(j, lanes)),
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
              source.set(plus(source, vectorBytes));
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
 * Writes a function that applies the epilogue to a part of C while it is still in the cache. It processes one stretch of columns
 * at a time, in which the columns of all operands and results are neighbours, and within a stretch row by row.
 *
 * Its parameters are `(c, cRows, cColumns, context, row, rowEnd, column, columnEnd)`.
 */
export function emitEpilogue(
  module: ModuleBuilder,
  { lanes, size, vectorBytes }: Element,
  output: Output,
  epilogue: Epilogue,
): FunctionReference<null> {
  return module.function(
    { parameters: Array.from({ length: 8 }, () => "i32" as const), result: null },
    (body, c, cRows, cColumns, context, row, rowEnd, column, columnEnd) => {
      const base = { c, cRows, cColumns };
      const { runs, begin, finish } = epilogue(body, context);
      const ends = new Set([...runs, ...(output.run === null ? [] : [output.run])]);
      const [end, sum, left] = [body.local("i32"), body.local("i32"), body.local("i32")];
      body.while(i32.lessSigned(column, columnEnd), () => {
        end.set(columnEnd);
        for (const run of ends) {
          const next = plus(times(i32.divUnsigned(column, i32.const(run)), run), run);
          end.set(minimum(end, body.keep(next)));
        }
        body.for({ from: row, to: rowEnd }, (i) => {
          sum.set(i32.add(output.rowAddress(base, i), output.columnOffset(base, column)));
          begin(i, column);
          left.set(i32.sub(end, column));
          body.while(i32.greaterEqualSigned(left, i32.const(lanes)), () => {
            finish(sum, true);
            sum.set(plus(sum, vectorBytes));
            left.set(plus(left, -lanes));
          });
          body.while(left, () => {
            finish(sum, false);
            sum.set(plus(sum, size));
            left.set(plus(left, -1));
          });
        });
        column.set(end);
      });
    },
  );
}
