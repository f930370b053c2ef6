import { describe, expect, it } from "vitest";

import {
  arange,
  eye,
  fromData,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
  type DType,
} from "../index.js";

describe("tensor", () => {
  it("makes float32 of numbers and bool of booleans by default", () => {
    expect(tensor([1, 2]).dtype).toBe("float32");
    expect(tensor([true]).dtype).toBe("bool");
    expect(tensor([]).dtype).toBe("float32");
    expect(tensor([1, 2], { dtype: "int32" }).dataSync()).toEqual(Int32Array.of(1, 2));
    expect(tensor([true, false], { dtype: "float64" }).dataSync()).toEqual(Float64Array.of(1, 0));
  });

  it("takes the type of a typed array, and converts it if a dtype is given", () => {
    expect(tensor(Int32Array.of(1)).dtype).toBe("int32");
    expect(tensor(Float64Array.of(1)).dtype).toBe("float64");
    expect(tensor(Uint8Array.of(200, 3), { dtype: "int32" }).dataSync()).toEqual(Int32Array.of(200, 3));
    expect(tensor(Uint8Array.of(1, 0), { dtype: "bool" }).toArraySync()).toEqual([true, false]);
  });

  it("gives its elements another shape if one is given", () => {
    expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).toArraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("throws for numbers that its type cannot hold, instead of changing them", () => {
    expect(() => tensor([1, 0.5], { dtype: "int32" })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: tensor: element 1 is 0.5, which int32 cannot hold]`,
    );
    expect(() => tensor([2 ** 31], { dtype: "int32" })).toThrow(
      "element 0 is 2147483648, which int32 cannot hold",
    );
    expect(() => tensor([NaN], { dtype: "int32" })).toThrow("element 0 is NaN");
    expect(() => tensor([0, 2], { dtype: "bool" })).toThrow("element 1 is 2, which bool cannot hold");
    expect(() => tensor(Uint8Array.of(1))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: tensor: got a Uint8Array, which may hold bytes or bools. Pass tensor(data, { dtype: "bool" }) or { dtype: "int32" }]`,
    );
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tensor: got 3 elements for the shape [2, 2], which has 4]`,
    );
  });
});

describe("fromData", () => {
  it("takes the type of the array, bytes being bools", () => {
    expect(fromData(Uint8Array.of(1, 0), [2]).toArraySync()).toEqual([true, false]);
    expect(fromData(Float64Array.of(1), []).dtype).toBe("float64");
  });

  it("checks the shape, and keeps it apart from the caller's array", () => {
    expect(() => fromData(Float32Array.of(1), [2])).toThrow("got 1 elements for the shape [2], which has 2");
    expect(() => fromData(Float32Array.of(1), [-1])).toThrow("every axis must be a whole number");
    const shape = [2];
    const x = fromData(Float32Array.of(1, 2), shape);
    shape[0] = 7;
    expect(x.shape).toEqual([2]);
  });
});

describe("full, zeros and ones", () => {
  it("are by default float32, or bool for a boolean", () => {
    expect(zeros([2]).dtype).toBe("float32");
    expect(ones([1, 2], { dtype: "int32" }).toArraySync()).toEqual([[1, 1]]);
    expect(full([2], true).toArraySync()).toEqual([true, true]);
    expect(full([], 0.5, { dtype: "float64" }).itemSync()).toBe(0.5);
    expect(zeros([0, 2]).size).toBe(0);
  });

  it("follow another tensor in shape and type", () => {
    const x = ones([1, 2], { dtype: "int32" });
    expect(zerosLike(x).dataSync()).toEqual(Int32Array.of(0, 0));
    expect(onesLike(zerosLike(x)).toArraySync()).toEqual([[1, 1]]);
    expect(fullLike(x, 7).toArraySync()).toEqual([[7, 7]]);
  });

  it("throw for invalid shapes and values", () => {
    expect(() => full([2], 0.5, { dtype: "int32" })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: full: got the value 0.5, which int32 cannot hold]`,
    );
    expect(() => full([2], 2, { dtype: "bool" })).toThrow("full: got the value 2, which bool cannot hold");
    expect(() => fullLike(arange(3), NaN)).toThrow("which int32 cannot hold");
    expect(() => zeros([2, -1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: zeros: got the shape [2, -1]; every axis must be a whole number of at least 0]`,
    );
    expect(() => ones([0.5])).toThrow("ones: got the shape [0.5]");
  });
});

describe("arange", () => {
  it.each<[Parameters<typeof arange>, DType]>([
    [[3], "int32"],
    [[0, 1, 0.5], "float32"],
    [[1.5], "float32"],
    [[0, 3, 1, { dtype: "float64" }], "float64"],
  ])("of %j is %s", (parameters, dtype) => {
    expect(arange(...parameters).dtype).toBe(dtype);
  });

  it("throws for steps that do not reach the stop and numbers that do not fit", () => {
    expect(() => arange(0, 3, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: arange: got start 0, stop 3, step 0; expected finite numbers and a step that is not 0]`,
    );
    expect(() => arange(0, Infinity)).toThrow("expected finite numbers");
    expect(() => arange(2 ** 31 - 1, 2 ** 31 + 1)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: arange: element 1 is 2147483648, which int32 cannot hold]`,
    );
    expect(() => arange(0, 1, 0.5, { dtype: "int32" })).toThrow(
      "arange: element 1 is 0.5, which int32 cannot hold",
    );
    expect(() => arange(0, 5, 1, { dtype: "bool" })).toThrow(
      "arange: element 4 is 4, which bool cannot hold",
    );
  });

  it("neither wraps around nor runs out of memory for more than 2³¹ numbers", () => {
    for (const dtype of ["int32", "float32", "float64"] as const) {
      expect(() => arange(0, 2 ** 31 + 1, 1, { dtype })).toThrow(
        "arange: got a range of 2147483649 numbers; expected at most 2³¹",
      );
    }
    expect(() => arange(2 ** 32)).toThrow("expected at most 2³¹");
    expect(() => arange(1, 1e300, 1, { dtype: "float64" })).toThrow("expected at most 2³¹");
    const last = arange(0, 2 ** 31, 1, { dtype: "float64" }).slice([[2 ** 31 - 2, null]]);
    expect([...last.dataSync()]).toEqual([2 ** 31 - 2, 2 ** 31 - 1]);
    const beyond = arange(2 ** 31, 2 ** 31 + 2, 1, { dtype: "float64" });
    expect([...beyond.dataSync()]).toEqual([2 ** 31, 2 ** 31 + 1]);
  });
});

describe("linspace", () => {
  it("ends exactly at the stop", () => {
    for (const [start, stop] of [
      [0, 0.1],
      [-0.3, 0.7],
      [5, -1 / 3],
    ]) {
      const numbers = linspace(start, stop, 7, { dtype: "float64" }).dataSync();
      expect(numbers[0]).toBe(start);
      expect(numbers[6]).toBe(stop);
    }
    expect(linspace(2, 9, 1).toArraySync()).toEqual([2]);
  });

  it("throws for invalid counts", () => {
    expect(() => linspace(0, 1, 2.5)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: linspace: got the count 2.5; expected a whole number of at least 0]`,
    );
    expect(() => linspace(0, 1, 3, { dtype: "int32" })).toThrow("linspace: element 1 is 0.5");
  });
});

describe("eye", () => {
  it("is a matrix of any shape with ones on its diagonal", () => {
    expect(eye(2, 3).toArraySync()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(() => eye(-1)).toThrow("eye: got the shape [-1, -1]");
  });
});
