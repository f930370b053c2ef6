import { describe, expect, it } from "vitest";

import { arange, gather, oneHot, ones, scatterAdd, sort, take, tensor, topk, tril, triu } from "../index.js";

const int32 = { dtype: "int32" } as const;

describe("an index whose elements are known", () => {
  const index = tensor([0, 3], int32);

  it("is checked where it is used, under the name that was called", () => {
    const x = ones([3]);
    expect(() => gather(x, index)).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: gather: got the index 3 at position 1; expected 0 to 2]`,
    );
    expect(() => take(ones([3, 2]), index)).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: take: got the index 3 at position 1; expected 0 to 2]`,
    );
    expect(() => scatterAdd(x, index, ones([2]))).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: scatterAdd: got the index 3 at position 1; expected 0 to 2]`,
    );
    expect(() => oneHot(index, 3)).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: oneHot: got the index 3 at position 1; expected 0 to 2]`,
    );
    expect(() => take(x, tensor([-1], int32))).toThrow(
      "take: got the index -1 at position 0; expected 0 to 2",
    );
  });

  it("must be int32", () => {
    const floats = tensor([0, 1]);
    expect(() => gather(ones([3]), floats)).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: gather: the index is float32; expected int32. Cast it with index.cast("int32")]`,
    );
    expect(() => take(ones([3]), floats)).toThrow("take: the index is float32; expected int32");
    expect(() => oneHot(floats, 3)).toThrow("oneHot: the index is float32");
    expect(() => scatterAdd(ones([3]), floats, ones([2]))).toThrow("scatterAdd: the index is float32");
  });
});

describe("scatterAdd", () => {
  it("accumulates sources with the same index, and casts to a common type", () => {
    const x = tensor([10, 20, 30], int32);
    const result = scatterAdd(x, tensor([1, 1], int32), tensor([0.5, 1]));
    expect(result.toArraySync()).toEqual([10, 21.5, 30]);
    expect(result.dtype).toBe("float32");
    expect(x.toArraySync()).toEqual([10, 20, 30]);
  });
});

describe("sort", () => {
  it("returns sorted values and their indices", () => {
    const { values, indices } = sort(tensor([3, NaN, 1, 2]), { descending: true });
    expect(values.toArraySync()).toEqual([NaN, 3, 2, 1]);
    expect(indices.dataSync()).toEqual(Int32Array.of(1, 0, 3, 2));
    expect(() => sort(ones([2]), { axis: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sort: got axis 1 for a tensor with 1 axes; expected a whole number from -1 to 0]`,
    );
  });
});

describe("topk", () => {
  it("keeps the order of equal elements", () => {
    expect(topk(tensor([1, 2, 2, 1]), 3).indices.dataSync()).toEqual(Int32Array.of(1, 2, 0));
    expect(topk(tensor([1, 2, 2, 1]), 3, { largest: false }).indices.dataSync()).toEqual(
      Int32Array.of(0, 3, 1),
    );
  });

  it("throws for more elements than the axis has", () => {
    expect(() => topk(ones([3]), 4)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: topk: got the count 4 for axis -1 of [3]]`,
    );
    expect(() => topk(ones([3]), 1.5)).toThrow("topk: got the count 1.5");
  });
});

describe("tril and triu", () => {
  it("replace the other triangle by 0, even if it has NaN", () => {
    const x = tensor([
      [1, NaN],
      [NaN, 2],
    ]);
    expect(tril(x).toArraySync()).toEqual([
      [1, 0],
      [NaN, 2],
    ]);
    expect(triu(x).toArraySync()).toEqual([
      [1, NaN],
      [0, 2],
    ]);
  });

  it("keep the type, and require a matrix", () => {
    expect(tril(arange(4).reshape([2, 2])).dtype).toBe("int32");
    expect(tril(ones([2, 2]).greater(0)).dtype).toBe("bool");
    expect(() => tril(ones([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tril: got [3]; expected at least two axes]`,
    );
    expect(() => triu(ones([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: triu: got [3]; expected at least two axes]`,
    );
  });
});
