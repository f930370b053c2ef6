import { describe, expect, it } from "vitest";

import { dot, matmul, ones, outer, tensor } from "../index.js";

describe("matmul", () => {
  it("says which axes do not fit", () => {
    // @ts-expect-error TypeScript sees it too
    expect(() => matmul(ones([32, 784]), ones([512, 784]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [32, 784] × [512, 784]: inner axes 784 ≠ 512. Did you mean b.transpose()?]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => matmul(ones([2, 2, 3]), ones([4, 3, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [2] and [4] do not broadcast: 2 and 4 differ at axis -1. Lengths must agree, or one of them be 1, counting axes from the last]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => matmul(ones([3]), ones([2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [1, 3] × [2, 1]: inner axes 3 ≠ 2]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => matmul(ones([]), ones([2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matmul: [] × [2]: a scalar has no axes. Use mul]`,
    );
  });

  it("multiplies transposed, sliced and flipped views", () => {
    const a = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(a.transpose().matmul(a).toArraySync()).toEqual([
      [10, 14],
      [14, 20],
    ]);
    expect(
      a
        .flip(0)
        .matmul(a.slice([null, [1]]))
        .toArraySync(),
    ).toEqual([[22], [10]]);
  });
});

describe("dot and outer", () => {
  it("require vectors", () => {
    expect(() => dot(ones([2]), ones([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: dot: got [2] and [3]; expected two vectors of one length]`,
    );
    expect(() => dot(ones([2, 2]), ones([4]))).toThrow("expected two vectors of one length");
    expect(() => outer(ones([2, 2]), ones([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: outer: got [2, 2] and [3]; expected two vectors]`,
    );
  });
});
