import { describe, expect, it } from "vitest";

import { add, div, floor, full, less, mean, mul, ones, sub, sum, tensor, type DType } from "./index.js";

describe("a number beside a tensor", () => {
  it.each<[DType, number | boolean, DType]>([
    ["float32", 1, "float32"],
    ["float32", 0.1, "float32"],
    ["float32", 1e300, "float32"],
    ["float64", 0.1, "float64"],
    ["int32", 3, "int32"],
    ["int32", -(2 ** 31), "int32"],
    ["int32", 2 ** 31, "float32"],
    ["int32", 0.5, "float32"],
    ["int32", NaN, "float32"],
    ["int32", true, "int32"],
    ["bool", 2, "int32"],
    ["bool", 0.5, "float32"],
  ])("takes the tensor's type if that can hold it: %s and %s meet at %s", (dtype, number, result) => {
    expect(mul(ones([2], { dtype }), number).dtype).toBe(result);
    expect(mul(number, ones([2], { dtype })).dtype).toBe(result);
  });

  it("is not rounded when combined with a float64 tensor", () => {
    expect(mul(ones([], { dtype: "float64" }), 0.1).itemSync()).toBe(0.1);
    expect(add(full([], 1, { dtype: "int32" }), 0.1).itemSync()).toBe(Math.fround(1.1));
  });

  it("can be combined with another number", () => {
    expect(add(1, 2).dtype).toBe("int32");
    expect(div(1, 4).itemSync()).toBe(0.25);
    expect(less(1, 2).dtype).toBe("bool");
  });
});

describe("two tensors", () => {
  it("are promoted to the later type, also if one is a scalar", () => {
    // NumPy and PyTorch let a 0-d tensor adapt as a number would; here every tensor counts.
    const scalar = tensor(1, { dtype: "float64" });
    expect(add(ones([2]), scalar).dtype).toBe("float64");
    expect(add(ones([2], { dtype: "int32" }), tensor(1)).dtype).toBe("float32");
  });
});

describe("integers", () => {
  it("are converted to float32 for division", () => {
    const x = tensor([1, 2, -3], { dtype: "int32" });
    expect(div(x, 2).toArraySync()).toEqual([0.5, 1, -1.5]);
    expect(div(x, 2).dtype).toBe("float32");
  });

  it("stay integers where nothing has to be rounded", () => {
    const x = full([2], 2 ** 24 + 1, { dtype: "int32" });
    expect(floor(x).dataSync()).toEqual(Int32Array.of(2 ** 24 + 1, 2 ** 24 + 1));
    expect(x.ceil().dtype).toBe("int32");
    expect(x.round().dtype).toBe("int32");
  });

  it("are summed exactly, and have no mean", () => {
    const x = tensor([2 ** 24, 1, 1], { dtype: "int32" });
    expect(sum(x).itemSync()).toBe(2 ** 24 + 2);
    expect(() => mean(x)).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: mean: got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });
});

describe("bools", () => {
  it("count as integers in arithmetic", () => {
    const x = tensor([true, true, false]);
    expect(sum(x).dataSync()).toEqual(Int32Array.of(2));
    expect(add(x, x).dataSync()).toEqual(Int32Array.of(2, 2, 0));
    expect(sub(1, x).dataSync()).toEqual(Int32Array.of(0, 0, 1));
  });
});
