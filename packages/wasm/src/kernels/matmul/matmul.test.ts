import { elements, type MatmulDType } from "@stargrad/codegen";
import { sampled, sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { columnMajor, range, rowMajor, type View } from "../../testing/arena.js";
import { anywhere, checkProduct, columns, fractions, prepare, rows } from "../../testing/product-case.js";

const dtypes: readonly MatmulDType[] = ["float32", "float64", "int32"];

/** Around tiles (up to 6 by 12), few rows or columns (8), blocks of lines (64), and blocks of k (512 or 1024). */
const sizes = [
  [0, 3, 3],
  [3, 0, 3],
  [3, 3, 0],
  [1, 1, 1],
  [1, 5, 3],
  [2, 9, 17],
  [4, 65, 6],
  [5, 8, 4],
  [7, 63, 5],
  [8, 64, 9],
  [9, 7, 12],
  [10, 16, 8],
  [11, 17, 33],
  [12, 12, 12],
  [13, 1, 5],
  [16, 3, 30],
  [11, 10, 1025],
  [33, 32, 31],
  [64, 5, 7],
  [65, 8, 2],
  [16, 23, 513],
  [25, 24, 512],
  [16, 15, 1024],
] as const;

/** All sizes, from one on: so that a sample has different sizes for each type. */
function sizesFrom(first: number) {
  return [...sizes.slice(first), ...sizes.slice(0, first)];
}

/** Every value of one list with every value of another. */
function pairs<A, B>(first: readonly A[], second: readonly B[]): (readonly [A, B])[] {
  return first.flatMap((a) => second.map((b) => [a, b] as const));
}

/** A and B by rows, by columns, and one of each. */
const operandPairs = [
  [rows, rows],
  [columns, columns],
  [rows, columns],
] as const;

describe.each(dtypes)("%s", (dtype) => {
  test.each(sampled(sizesFrom(dtypes.indexOf(dtype)), 4))(
    "%i × %i, sums of %i, each operand by rows and by columns",
    (m, n, k) => {
      for (const a of [rows(m, k), columns(m, k)]) {
        for (const b of [rows(k, n), columns(k, n)]) checkProduct({ dtype, a, b });
      }
      checkProduct({ dtype, a: anywhere(rowMajor(m, k)), b: anywhere(columnMajor(k, n)) });
    },
  );

  test("operands at any offsets", () => {
    const offsets = (minLength: number) =>
      fc.array(fc.integer({ min: -40, max: 40 }), { minLength, maxLength: 21 });
    const runs = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 20 }),
    );
    const axis = fc.oneof(
      offsets(1),
      runs.map(([outer, inner, stride]) =>
        range(outer, stride).flatMap((start) => range(inner).map((i) => start + i)),
      ),
    );
    fc.assert(
      fc.property(axis, axis, axis, axis, (aRows, aColumns, bRows, bColumns) => {
        const k = Math.min(aColumns.length, bRows.length);
        const a = anywhere({ rows: aRows, columns: aColumns.slice(0, k) });
        const b = anywhere({ rows: bRows.slice(0, k), columns: bColumns });
        checkProduct({ dtype, a, b });
        checkProduct({ dtype, a, b: { ...b, overlapping: true } });
      }),
      { numRuns: sized({ short: 6, long: 60 }) },
    );
  });

  test.each([1, 10])("an output at any offsets, in runs of %i columns", (run) => {
    const outputSizes = [
      [13, 22, 9],
      [3, 40, 9],
      [40, 3, 9],
      [17, 1, 6],
      [10, 20, 1100],
    ] as const;
    for (const [[m, n, k], [first, second]] of sampled(pairs(outputSizes, operandPairs), 4)) {
      const [a, b] = [first(m, k), second(k, n)];
      const { arena, compiled, inputs, expected } = prepare({
        dtype,
        a,
        b,
        options: { c: { rowStride: null, run } },
      });
      // Rows in reverse order; columns in runs with gaps between them.
      const view: View = {
        rows: range(m, 3 * n).reverse(),
        columns: range(n).map((j) => j + 2 * Math.floor(j / 10)),
      };
      const output = arena.placeFilled(dtype, 3 * m * n, 99);
      const cRows = arena.placeOffsets(dtype, view.rows);
      const runs = view.columns.filter((_, j) => j % run === 0);
      compiled.run({ ...inputs, c: output, cRows, cColumns: arena.placeOffsets(dtype, runs) });
      const wanted = range(3 * m * n).map(() => 99);
      for (const i of range(m))
        for (const j of range(n)) wanted[view.rows[i] + view.columns[j]] = expected(i, j);
      expect(Array.from(arena.array(dtype, output, wanted.length))).toEqual(wanted);
    }
  });

  test("rows of the output with gaps", () => {
    for (const [m, n, k] of [
      [13, 22, 1100],
      [3, 40, 9],
      [40, 3, 9],
    ]) {
      const gap = 3;
      const options = { c: { rowStride: (n + gap) * elements[dtype].size, run: null } } as const;
      const { arena, compiled, inputs, expected } = prepare({ dtype, a: rows(m, k), b: rows(k, n), options });
      const output = arena.placeFilled(dtype, m * (n + gap), 99);
      compiled.run({ ...inputs, c: output });
      const wanted = range(m).flatMap((i) => range(n + gap).map((j) => (j < n ? expected(i, j) : 99)));
      expect(Array.from(arena.array(dtype, output, wanted.length))).toEqual(wanted);
    }
  });

  test("any division into blocks gives the same bits", () => {
    const k = 1100;
    const dividedSizes = [
      [23, 37],
      [3, 150],
      [150, 3],
      [1, 70],
    ] as const;
    for (const [[m, n], [first, second]] of sampled(pairs(dividedSizes, operandPairs), 4)) {
      const [a, b] = [first(m, k), second(k, n)];
      const { compiled, inputs, result, arena } = prepare({ dtype, a, b }, fractions);
      compiled.run(inputs);
      const whole = result();
      arena.array(dtype, inputs.c, m * n).fill(99);
      const { rowBlocks, columnBlocks } = compiled.matmul;
      for (const [rowBlock, rowBlockEnd] of parts(rowBlocks)) {
        for (const [columnBlock, columnBlockEnd] of parts(columnBlocks)) {
          compiled.run({ ...inputs, rowBlock, rowBlockEnd, columnBlock, columnBlockEnd });
        }
      }
      expect(result()).toEqual(whole);
    }
  });
});

/** Divides the range from 0 to `count` after 1 and in the middle. */
function parts(count: number): (readonly [number, number])[] {
  const cuts = [...new Set([0, Math.min(1, count), Math.ceil(count / 2), count])].sort((x, y) => x - y);
  return cuts.slice(1).map((end, i) => [cuts[i], end] as const);
}
