import { f32, f32x4, i32, v128, type Epilogue } from "@stargrad/codegen";
import { sampled } from "@stargrad/graph/testing";
import { roundedVectors } from "../../vector-features.js";
import { expect, test } from "vitest";

import { fastestVectors } from "../../vector-features.js";
import { Arena, range } from "../../testing/arena.js";
import {
  anywhere,
  checkProduct,
  columns,
  fractions,
  integers,
  prepare,
  rows,
} from "../../testing/product-case.js";

test("the epilogue is applied to every sum once", () => {
  // max(0, sum · (20 + row) + bias[column]), with the biases at `context`.
  const epilogue: Epilogue = (body, context) => {
    const factor = body.local("v128");
    const bias = body.local("i32");
    return {
      runs: [5],
      begin(row, column) {
        factor.set(f32x4.splat(f32.convertI32Signed(i32.add(row, i32.const(20)))));
        bias.set(i32.add(context, i32.shiftLeft(column, i32.const(2))));
      },
      finish(sum, wide) {
        const [sums, biases] = wide
          ? [v128.load(sum), v128.load(bias)]
          : [v128.load32Splat(sum), v128.load32Splat(bias)];
        const finished = f32x4.max(f32x4.add(f32x4.mul(sums, factor), biases), f32x4.splat(f32.const(0)));
        body.store(sum, wide ? finished : f32x4.extract(body.keep(finished), 0));
        bias.set(i32.add(bias, i32.const(wide ? 16 : 4)));
      },
    };
  };
  const products = [
    [13, 22, 1100],
    [17, 9, 3],
    [3, 41, 9],
    [41, 3, 9],
    [1, 7, 5],
  ].flatMap(([m, n, k]) =>
    [
      { rowStride: 4 * n, run: null },
      { rowStride: 4 * n, run: 8 },
      { rowStride: null, run: 1 },
    ].flatMap((c) =>
      [
        [rows(m, k), rows(k, n)],
        [columns(m, k), columns(k, n)],
        [rows(m, k), columns(k, n)],
      ].map(([a, b]) => ({ m, n, c, a, b })),
    ),
  );
  for (const { m, n, c, a, b } of sampled(products, 4)) {
    const { arena, compiled, inputs, expected, result } = prepare({
      dtype: "float32",
      a,
      b,
      options: { epilogue, c },
    });
    const bias = integers(n, 9);
    compiled.run({
      ...inputs,
      context: arena.place("float32", bias),
      cRows: arena.placeOffsets("float32", range(m, n)),
      cColumns: arena.placeOffsets("float32", range(n, c.run ?? 0)),
    });
    const wanted = range(m * n).map((cell) => {
      const [i, j] = [Math.floor(cell / n), cell % n];
      return Math.max(0, expected(i, j) * (20 + i) + bias[j]);
    });
    expect(result()).toEqual(wanted);
  }
});

test("a convolution is a product with an unfolded view", () => {
  const [channels, size, kernel, stride, dilation] = [3, 11, 3, 2, 2];
  const out = Math.floor((size - (kernel - 1) * dilation - 1) / stride) + 1;
  const taps = range(channels).flatMap((c) =>
    range(kernel).flatMap((y) => range(kernel).map((x) => (c * size + y * dilation) * size + x * dilation)),
  );
  const places = range(out).flatMap((y) => range(out).map((x) => (y * size + x) * stride));
  const windows = anywhere({ rows: taps, columns: places });
  checkProduct({ dtype: "float32", a: rows(5, taps.length), b: windows });
  checkProduct({ dtype: "float32", a: rows(5, taps.length), b: { ...windows, overlapping: true } });
  checkProduct({ dtype: "float32", a: rows(5, places.length), b: anywhere({ rows: places, columns: taps }) });
});

test("NaN stays in its row and column", () => {
  const [m, n, k] = [6, 9, 5];
  const { arena, compiled, inputs, result } = prepare({ dtype: "float32", a: rows(m, k), b: rows(k, n) });
  arena.array("float32", inputs.a, m * k)[2 * k + 1] = NaN;
  arena.array("float32", inputs.b, k * n)[3 * n + 8] = Infinity;
  compiled.run(inputs);
  const strange = result()
    .map((x, cell) => (Number.isFinite(x) ? -1 : cell))
    .filter((cell) => cell >= 0);
  expect(strange.every((cell) => Math.floor(cell / n) === 2 || cell % n === 8)).toBe(true);
  expect(strange).toContain(2 * n);
});

test("sums of many products stay accurate", () => {
  const k = 20000;
  const { compiled, inputs, m, n, expected, result } = prepare(
    { dtype: "float32", a: rows(9, k), b: columns(k, 9) },
    (length) => fractions(length).map(Math.fround),
  );
  compiled.run(inputs);
  const sums = result();
  for (const cell of range(m * n)) {
    const exact = expected(Math.floor(cell / n), cell % n);
    expect(Math.abs(sums[cell] - exact)).toBeLessThan(0.05);
  }
});

test("scratch is bounded for a product of any size", () => {
  const arena = new Arena(1);
  for (const [m, n, k] of [
    [4096, 4096, 4096],
    [32, 25088, 144],
    [32, 144, 25088],
    [100000, 64, 64],
    [16, 1e6, 1e6],
  ]) {
    for (const dtype of ["float32", "float64", "int32"] as const) {
      const { matmul } = arena.compile({
        dtype,
        m,
        n,
        k,
        a: { layout: "any" },
        b: { layout: "any" },
        machine: roundedVectors,
      });
      expect(matmul.scratchBytes).toBeLessThan(2 * 2 ** 20);
    }
  }
});

const fused = { ...fastestVectors(), paired: false };
test.each([
  ["rounded", roundedVectors],
  ["fused where that is possible", fused],
  ["fused, with an old V8's registers", { ...fused, registers: 14 }],
  ["in pairs", { ...fused, paired: true, registers: 15 }],
])("sums are right: %s", (_, machine) => {
  for (const [m, n, k] of [
    [25, 31, 50],
    [96, 64, 300],
    [7, 130, 9],
  ]) {
    for (const dtype of ["float32", "float64", "int32"] as const) {
      checkProduct({ dtype, a: rows(m, k), b: rows(k, n), options: { machine } });
    }
  }
});
