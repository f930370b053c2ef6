import { describe, expect, it } from "vitest";

import * as library from "../index.js";
import {
  all,
  amax,
  amin,
  any,
  arange,
  argmax,
  argmin,
  cumsum,
  max,
  mean,
  min,
  norm,
  ones,
  std,
  sum,
  tensor,
  variance,
  zeros,
} from "../index.js";

describe("messages", () => {
  const axis = { axis: 2 };

  it.each([
    "sum",
    "prod",
    "mean",
    "amax",
    "amin",
    "max",
    "min",
    "argmax",
    "argmin",
    "variance",
    "std",
    "norm",
    "any",
    "all",
    "cumsum",
    "logsumexp",
    "softmax",
    "logSoftmax",
    "sort",
    "argsort",
  ] as const)("of %s carry its name", (name) => {
    const call = library[name] as (x: library.Tensor, options: typeof axis) => unknown;
    expect(() => call(ones([2, 3]), axis)).toThrow(`${name}: got axis 2 for a tensor with 2 axes`);
  });

  it("name unsupported types", () => {
    expect(() => mean(arange(3))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: mean: got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
    expect(() => variance(arange(3))).toThrow("variance: got int32");
    expect(() => std(arange(3))).toThrow("std: got int32");
    expect(() => norm(tensor([true]))).toThrow("norm: got bool");
  });

  it("report a maximum over no elements", () => {
    expect(() => amax(zeros([2, 0]), { axis: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: amax: got the shape [2, 0], which has no elements along the axes [1]; expected at least 1]`,
    );
    const empty = zeros([2, 0]);
    const calls: Record<string, () => unknown> = {
      amax: () => amax(empty, { axis: 1 }),
      amin: () => amin(empty, { axis: 1 }),
      max: () => max(empty, { axis: 1 }),
      min: () => min(empty, { axis: 1 }),
      argmax: () => argmax(empty),
      argmin: () => argmin(empty),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(call).toThrow(`${name}: got the shape [2, 0], which has no elements`);
    }
    for (const order of [Infinity, -Infinity]) {
      expect(() => norm(empty, { axis: 1, order })).toThrow(
        "norm: got the shape [2, 0], which has no elements",
      );
    }
    expect(amax(zeros([2, 0]), { axis: 0 }).shape).toEqual([0]);
  });

  it("report an axis of a scalar", () => {
    expect(() => cumsum(tensor(1))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: cumsum: got axis -1 for a scalar, which has no axes]`,
    );
    expect(() => argmax(tensor(1))).toThrow("argmax: got axis -1 for a scalar");
  });
});

describe("scalars", () => {
  it("are their own sum, mean and maximum", () => {
    for (const call of [sum, mean, amax, amin]) expect(call(tensor(3)).itemSync()).toBe(3);
    expect(max(tensor(3)).shape).toEqual([]);
  });
});

describe("no axes", () => {
  it("leave a tensor as it is", () => {
    const x = tensor([1, 2]);
    expect(sum(x, { axis: [] }).toArraySync()).toEqual([1, 2]);
    expect(amin(x, { axis: [], keepDims: true }).toArraySync()).toEqual([1, 2]);
  });
});

describe("any and all", () => {
  it("take numbers as true unless they are 0, NaN included", () => {
    expect(any(tensor([0, NaN])).itemSync()).toBe(1);
    expect(all(tensor([1, -2])).itemSync()).toBe(1);
    expect(all(tensor([1, 0])).itemSync()).toBe(0);
    expect(any(zeros([0])).itemSync()).toBe(0);
    expect(all(zeros([0])).itemSync()).toBe(1);
    expect(any(tensor([1])).dtype).toBe("bool");
  });
});

describe("mean", () => {
  it("of nothing is NaN", () => {
    expect(mean(zeros([0])).itemSync()).toBe(NaN);
  });
});

describe("max along an axis", () => {
  it("keeps the axis with keepDims", () => {
    const { values, indices } = max(tensor([[1, 5, 5]]), { axis: 1, keepDims: true });
    expect(values.toArraySync()).toEqual([[5]]);
    expect(indices.dataSync()).toEqual(Int32Array.of(1));
  });
});
