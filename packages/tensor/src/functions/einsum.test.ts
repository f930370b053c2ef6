import { describe, expect, it } from "vitest";

import { arange, einsum, ones } from "../index.js";

describe("einsum", () => {
  it("takes diagonals of integers, and multiplies them exactly", () => {
    const x = arange(9).reshape([3, 3]);
    expect(einsum("ii->i", x).dataSync()).toEqual(Int32Array.of(0, 4, 8));
    expect(einsum("ii", x).dataSync()).toEqual(Int32Array.of(12));
  });

  it("aligns the axes that `...` matches at the last of them", () => {
    const [a, b] = [arange(4).reshape([2, 2, 1]), arange(2).reshape([2, 1])];
    expect(einsum("...i,...i->...i", a, b).toArraySync()).toEqual(a.mul(b).toArraySync());
    expect(() => einsum("...i,...i->...i", ones([2, 3, 4]), ones([2, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: einsum: in ...i,...i->...i the axis ... is 3 and 2 long]`,
    );
  });

  it("takes more than ten axes under `...`", () => {
    const shape = new Array<number>(12).fill(1);
    expect(einsum("...i->i...", ones([...shape, 2])).shape).toEqual([2, ...shape]);
  });

  it("names the equations it cannot parse", () => {
    const x = ones([2, 3]);
    expect(() => einsum("ij,jk", x)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: einsum: "ij,jk" names 2 inputs; got 1]`,
    );
    expect(() => einsum("ij->1", x)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: einsum: cannot read "ij->1"; expected letters, as in "ij,jk->ik"]`,
    );
    expect(() => einsum("ij->i->j", x)).toThrow("cannot read");
    expect(() => einsum("ijk", x)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: einsum: in "ijk" the term "ijk" does not fit the shape [2, 3]]`,
    );
    expect(() => einsum("...ijk", x)).toThrow('the term "...ijk" does not fit the shape [2, 3]');
    expect(() => einsum("ij->ik", x)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: einsum: in "ij->ik" the output letter k appears in no input, or twice in the output]`,
    );
    expect(() => einsum("ij->ii", x)).toThrow(
      "the output letter i appears in no input, or twice in the output",
    );
    expect(() => einsum("ij,ij", x, ones([2, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: einsum: in ij,ij the axis j is 3 and 4 long]`,
    );
    expect(() => einsum("ii", x)).toThrow("in ii the axis i is 2 and 3 long");
  });
});
