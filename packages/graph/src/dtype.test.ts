import { describe, expect, it } from "vitest";

import {
  allocate,
  bytesPerElement,
  canHold,
  dtypeOf,
  dtypes,
  isFloat,
  promote,
  type DType,
} from "./dtype.js";

describe("promote", () => {
  it.each<[DType, DType, DType]>([
    ["bool", "bool", "bool"],
    ["bool", "int32", "int32"],
    ["int32", "float32", "float32"],
    ["float32", "float64", "float64"],
    ["float64", "bool", "float64"],
  ])("brings %s and %s to %s", (a, b, result) => {
    expect(promote(a, b)).toBe(result);
    expect(promote(b, a)).toBe(result);
  });
});

describe.each(dtypes)("%s", (dtype) => {
  it("allocates a zero-filled array from which its type and width follow", () => {
    const array = allocate(dtype, 3);
    expect([...array]).toEqual([0, 0, 0]);
    expect(dtypeOf(array)).toBe(dtype);
    expect(bytesPerElement(dtype)).toBe(array.BYTES_PER_ELEMENT);
  });

  it("can hold exactly the numbers that its array stores unchanged, except for rounding", () => {
    for (const value of [0, -0, 1, 2, -1, 0.5, 255, 256, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), NaN, Infinity]) {
      const array = allocate(dtype, 1);
      array[0] = value;
      const kept = array[0] === value && (dtype !== "bool" || value <= 1);
      expect(canHold(dtype, value), `${dtype} and ${value}`).toBe(isFloat(dtype) || kept);
    }
  });
});
