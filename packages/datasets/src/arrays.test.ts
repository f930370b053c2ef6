import { arange, fromData, tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { arrays } from "./index.js";

describe("arrays", () => {
  it("gathers the rows of every field, in the order of the indices", () => {
    const dataset = arrays({ x: arange(6).reshape([3, 2]), y: Int32Array.of(10, 11, 12) });
    const { x, y } = dataset.batch(Int32Array.of(2, 0, 2));
    expect(x.toArraySync()).toEqual([
      [4, 5],
      [0, 1],
      [4, 5],
    ]);
    expect(y.toArraySync()).toEqual([12, 10, 12]);
  });

  it("keeps dtypes, and the shape of an item", () => {
    const dataset = arrays({
      mask: tensor([true, false]),
      picture: fromData(new Float64Array(24), [2, 1, 3, 4]),
      nothing: fromData(new Float32Array(0), [2, 0]),
    });
    const { mask, picture, nothing } = dataset.all();
    expect([mask.dtype, mask.shape]).toEqual(["bool", [2]]);
    expect([picture.dtype, picture.shape]).toEqual(["float64", [2, 1, 3, 4]]);
    expect([nothing.dtype, nothing.shape]).toEqual(["float32", [2, 0]]);
  });

  it("gives the same rows as indexing the tensor", () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1 }), fc.array(fc.nat(1000)), (values, picks) => {
        const indices = Int32Array.from(picks, (pick) => pick % values.length);
        const { x } = arrays({ x: values }).batch(indices);
        expect(x.dataSync()).toEqual(Float32Array.from(indices, (index) => values[index]));
      }),
    );
  });

  it("does not see later changes of the array it was made from", () => {
    const values = Float32Array.of(1, 2);
    const dataset = arrays({ x: values });
    values.fill(0);
    expect(dataset.all().x.toArraySync()).toEqual([1, 2]);
  });

  it("may be empty", () => {
    const dataset = arrays({ x: fromData(new Float32Array(0), [0, 3]) });
    expect(dataset.length).toBe(0);
    expect(dataset.all().x.shape).toEqual([0, 3]);
  });

  it("names the fields whose numbers of items differ", () => {
    expect(() => arrays({ x: new Float32Array(3), y: new Int32Array(2) })).toThrow(
      "arrays: expected fields with equally many items, but x has 3, y has 2",
    );
  });

  it("rejects a scalar, no fields, and bytes that may be bools", () => {
    expect(() => arrays({ x: tensor(1) })).toThrow("x is a scalar");
    expect(() => arrays({})).toThrow("got no fields");
    expect(() => arrays({ x: new Uint8Array(2) })).toThrow("may hold bytes or bools");
  });

  it.each([-1, 3])("rejects the index %i", (index) => {
    const dataset = arrays({ x: new Float32Array(3) });
    expect(() => dataset.batch(Int32Array.of(0, index))).toThrow(`got index ${index} into 3 items`);
  });
});
