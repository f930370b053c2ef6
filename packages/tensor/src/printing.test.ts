import { describe, expect, it } from "vitest";

import { arange, full, linspace, ones, tensor, zeros } from "./index.js";
import { formatTensor } from "./printing.js";

const print = (x: { toString(): string }) => `\n${x.toString()}\n`;

describe("printing", () => {
  it("scalars, vectors and matrices", () => {
    expect(print(tensor(3.5))).toMatchInlineSnapshot(`
      "
      tensor(3.5, shape [], float32)
      "
    `);
    expect(print(tensor([1, 2, 3]))).toMatchInlineSnapshot(`
      "
      tensor([1, 2, 3], shape [3], float32)
      "
    `);
    expect(
      print(
        tensor([
          [1, -2.5, 3],
          [40, 5, 6],
        ]),
      ),
    ).toMatchInlineSnapshot(`
      "
      tensor([[ 1.0, -2.5,  3.0],
              [40.0,  5.0,  6.0]], shape [2, 3], float32)
      "
    `);
  });

  it("a blank line between matrices, two between blocks of them", () => {
    expect(print(arange(8).reshape([2, 2, 2]))).toMatchInlineSnapshot(`
      "
      tensor([[[0, 1],
               [2, 3]],

              [[4, 5],
               [6, 7]]], shape [2, 2, 2], int32)
      "
    `);
    expect(print(arange(4).reshape([2, 2, 1, 1]))).toMatchInlineSnapshot(`
      "
      tensor([[[[0]],

               [[1]]],


              [[[2]],

               [[3]]]], shape [2, 2, 1, 1], int32)
      "
    `);
  });

  it("every type", () => {
    expect(print(tensor([[true, false]]))).toMatchInlineSnapshot(`
      "
      tensor([[ true, false]], shape [1, 2], bool)
      "
    `);
    expect(print(tensor([7, -1000], { dtype: "int32" }))).toMatchInlineSnapshot(`
      "
      tensor([    7, -1000], shape [2], int32)
      "
    `);
    expect(print(tensor([0.1], { dtype: "float64" }))).toMatchInlineSnapshot(`
      "
      tensor([0.1], shape [1], float64)
      "
    `);
  });

  it("four digits, and no more than the numbers need", () => {
    expect(print(tensor([1 / 3, 0.5, 2]))).toMatchInlineSnapshot(`
      "
      tensor([0.3333, 0.5000, 2.0000], shape [3], float32)
      "
    `);
    expect(print(tensor([0.1, 0.25]))).toMatchInlineSnapshot(`
      "
      tensor([0.10, 0.25], shape [2], float32)
      "
    `);
    expect(print(tensor([0.99996]))).toMatchInlineSnapshot(`
      "
      tensor([1], shape [1], float32)
      "
    `);
  });

  it("scientific notation for very large, very small and very different numbers", () => {
    expect(print(tensor([1e8, 1]))).toMatchInlineSnapshot(`
      "
      tensor([1.0000e+8, 1.0000e+0], shape [2], float32)
      "
    `);
    expect(print(tensor([0.00001, 1]))).toMatchInlineSnapshot(`
      "
      tensor([1.0000e-5, 1.0000e+0], shape [2], float32)
      "
    `);
    expect(print(tensor([-1.5e-10]))).toMatchInlineSnapshot(`
      "
      tensor([-1.5000e-10], shape [1], float32)
      "
    `);
    expect(print(tensor([99999999]))).toMatchInlineSnapshot(`
      "
      tensor([1.0000e+8], shape [1], float32)
      "
    `);
  });

  it("NaN and infinities, which do not affect the format of the other numbers", () => {
    expect(print(tensor([NaN, Infinity, -Infinity, 1.5]))).toMatchInlineSnapshot(`
      "
      tensor([ nan,  inf, -inf,  1.5], shape [4], float32)
      "
    `);
    expect(print(tensor([NaN, Infinity]))).toMatchInlineSnapshot(`
      "
      tensor([nan, inf], shape [2], float32)
      "
    `);
  });

  it("tensors without elements", () => {
    expect(print(zeros([0]))).toMatchInlineSnapshot(`
      "
      tensor([], shape [0], float32)
      "
    `);
    expect(print(zeros([2, 0, 3], { dtype: "int32" }))).toMatchInlineSnapshot(`
      "
      tensor([], shape [2, 0, 3], int32)
      "
    `);
  });

  it("the first and last three along each axis, above 1000 elements", () => {
    expect(print(arange(1000))).not.toContain("…");
    expect(print(arange(1001))).toMatchInlineSnapshot(`
      "
      tensor([   0,    1,    2, …,  998,  999, 1000], shape [1001], int32)
      "
    `);
    expect(print(linspace(0, 1, 1200).reshape([30, 40]))).toMatchInlineSnapshot(`
      "
      tensor([[0.0000, 0.0008, 0.0017, …, 0.0309, 0.0317, 0.0325],
              [0.0334, 0.0342, 0.0350, …, 0.0642, 0.0651, 0.0659],
              [0.0667, 0.0676, 0.0684, …, 0.0976, 0.0984, 0.0992],
              …,
              [0.9008, 0.9016, 0.9024, …, 0.9316, 0.9324, 0.9333],
              [0.9341, 0.9349, 0.9358, …, 0.9650, 0.9658, 0.9666],
              [0.9675, 0.9683, 0.9691, …, 0.9983, 0.9992, 1.0000]], shape [30, 40], float32)
      "
    `);
    expect(print(ones([2, 600]))).toMatchInlineSnapshot(`
      "
      tensor([[1, 1, 1, …, 1, 1, 1],
              [1, 1, 1, …, 1, 1, 1]], shape [2, 600], float32)
      "
    `);
  });

  it("columns as wide as the shown numbers need, not the omitted ones", () => {
    expect(print(arange(2000).less(1000).cast("int32").mul(arange(2000)))).toMatchInlineSnapshot(`
      "
      tensor([0, 1, 2, …, 0, 0, 0], shape [2000], int32)
      "
    `);
    expect(print(full([1001], 0.5))).toMatchInlineSnapshot(`
      "
      tensor([0.5, 0.5, 0.5, …, 0.5, 0.5, 0.5], shape [1001], float32)
      "
    `);
  });

  it("lists only the shown indices, however long an axis is", () => {
    const length = 2 ** 33;
    const data = new Proxy({ length }, { get: (_, name) => (name === "length" ? length : 7) });
    expect(formatTensor(data as never, [length], "int32")).toBe(
      "tensor([7, 7, 7, …, 7, 7, 7], shape [8589934592], int32)",
    );
  });

  it("does not overflow the call stack, whatever the number of axes or of shown elements", () => {
    const deep = ones(new Array<number>(20_000).fill(1)).toString();
    expect(deep.startsWith(`tensor(${"[".repeat(20_000)}1${"]".repeat(20_000)}, shape [1, 1, `)).toBe(true);
    // No axis is long enough to be summarized, so all 2¹⁸ elements are shown.
    const wide = ones(new Array<number>(18).fill(2)).toString();
    expect(wide.match(/1(?=[,\]])/g)?.length).toBeGreaterThanOrEqual(2 ** 18);
  });
});
