import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { allocate, type DType } from "../dtype.js";
import { values } from "../samples.js";
import { matmul } from "./contraction.js";

const typed = (shape: readonly number[], dtype: DType = "float32") => values(dtype, shape, []);

describe("matmul", () => {
  it("is Σₖ aᵢₖ bₖⱼ for every batch", () => {
    const small = fc.integer({ min: -8, max: 8 });
    const problem = fc.tuple(fc.nat(2), fc.nat(4), fc.nat(4), fc.nat(4)).chain(([batch, m, inner, n]) =>
      fc.record({
        sizes: fc.constant({ batch, m, inner, n }),
        a: fc.array(small, { minLength: batch * m * inner, maxLength: batch * m * inner }),
        b: fc.array(small, { minLength: batch * inner * n, maxLength: batch * inner * n }),
      }),
    );
    fc.assert(
      fc.property(problem, ({ sizes: { batch, m, inner, n }, a, b }) => {
        const inputs = [values("float64", [batch, m, inner], a), values("float64", [batch, inner, n], b)];
        const output = {
          shape: [batch, m, n],
          dtype: "float64" as const,
          data: allocate("float64", batch * m * n),
        };
        matmul.reference(inputs, {}, output);
        output.data.forEach((element, position) => {
          const [t, i, j] = [Math.floor(position / (m * n)), Math.floor(position / n) % m, position % n];
          let total = 0;
          for (let k = 0; k < inner; k++) total += a[(t * m + i) * inner + k] * b[(t * inner + k) * n + j];
          expect(element).toBe(total);
        });
      }),
    );
  });

  it("wraps around in int32, where doubles would round", () => {
    const output = { shape: [1, 1], dtype: "int32" as const, data: allocate("int32", 1) };
    matmul.reference(
      [values("int32", [1, 2], [123456789, 2 ** 31 - 1]), values("int32", [2, 1], [987654321, 2])],
      {},
      output,
    );
    expect([...output.data]).toEqual([-67153019 - 2]);
  });

  it("sums float32 in double precision and rounds once", () => {
    const ones = new Array<number>(1000).fill(1);
    const output = { shape: [1, 1], dtype: "float32" as const, data: allocate("float32", 1) };
    matmul.reference(
      [values("float32", [1, 1001], [2 ** 24, ...ones]), values("float32", [1001, 1], [1, ...ones])],
      {},
      output,
    );
    expect([...output.data]).toEqual([2 ** 24 + 1000]);
  });

  it("names the axes that do not fit, and suggests a forgotten transpose", () => {
    expect(() => matmul.shape([typed([32, 784]), typed([512, 784])], {})).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [32, 784] × [512, 784]: inner axes 784 ≠ 512. Did you mean b.transpose()?]`,
    );
    expect(() => matmul.shape([typed([784, 32]), typed([784, 10])], {})).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [784, 32] × [784, 10]: inner axes 32 ≠ 784. Did you mean a.transpose()?]`,
    );
    expect(() => matmul.shape([typed([2, 3]), typed([4, 5])], {})).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [2, 3] × [4, 5]: inner axes 3 ≠ 4]`,
    );
    expect(() => matmul.shape([typed([3]), typed([3, 4])], {})).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [3] × [3, 4]: both need at least two axes]`,
    );
    expect(() => matmul.shape([typed([2, 3, 4]), typed([5, 4, 3])], {})).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [2, 3, 4] × [5, 4, 3]: the batch axes differ. Broadcast the batches first]`,
    );
    expect(() =>
      matmul.dtype([typed([2, 3], "int32"), typed([3, 2])], {}),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: matmul: got int32 × float32; expected one of int32, float32, float64 for both]`,
    );
    expect(() =>
      matmul.dtype([typed([2, 2], "bool"), typed([2, 2], "bool")], {}),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: matmul: got bool × bool; expected one of int32, float32, float64 for both]`,
    );
  });
});
