import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  broadcastShapes,
  checkShape,
  contiguousStrides,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  sizeOf,
  type Shape,
} from "./shape.js";

describe("sizeOf", () => {
  it.each<[Shape, number]>([
    [[], 1],
    [[5], 5],
    [[2, 3, 4], 24],
    [[2, 0, 4], 0],
  ])("of %j is %i", (shape, size) => {
    expect(sizeOf(shape)).toBe(size);
  });
});

describe("sameShape", () => {
  it("compares ranks and lengths", () => {
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([], [])).toBe(true);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(sameShape([2], [2, 1])).toBe(false);
    expect(sameShape([2, 1], [2])).toBe(false);
  });
});

describe("contiguousStrides", () => {
  it("are row-major, also if an axis is empty", () => {
    expect(contiguousStrides([2, 3, 4])).toEqual([12, 4, 1]);
    expect(contiguousStrides([3, 0])).toEqual([0, 1]);
    expect(contiguousStrides([])).toEqual([]);
  });
});

describe("checkShape", () => {
  it("accepts integer lengths of at least 0", () => {
    expect(() => {
      checkShape("zeros", [2, 0, 7]);
    }).not.toThrow();
  });

  it.each<[Shape]>([[[2, -1]], [[1.5]], [[NaN]], [[Infinity]]])("refuses %j", (shape) => {
    expect(() => {
      checkShape("zeros", shape);
    }).toThrow(`zeros: got the shape ${formatShape(shape)}; every axis must be a whole number of at least 0`);
  });
});

describe("normalizeAxis", () => {
  it("counts negative axes from the end", () => {
    expect([0, 1, 2, -1, -2, -3].map((axis) => normalizeAxis("sum", axis, 3))).toEqual([0, 1, 2, 2, 1, 0]);
  });

  it("names the valid axes in its error", () => {
    expect(() => normalizeAxis("sum", 3, 3)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sum: got axis 3 for a tensor with 3 axes; expected a whole number from -3 to 2]`,
    );
    expect(() => normalizeAxis("sum", -4, 3)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sum: got axis -4 for a tensor with 3 axes; expected a whole number from -3 to 2]`,
    );
    expect(() => normalizeAxis("sum", 0.5, 3)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sum: got axis 0.5 for a tensor with 3 axes; expected a whole number from -3 to 2]`,
    );
    expect(() => normalizeAxis("sum", 0, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sum: got axis 0 for a scalar, which has no axes]`,
    );
  });
});

describe("normalizeAxes", () => {
  it("takes one axis, several in any order, or all", () => {
    expect(normalizeAxes("sum", -1, 3)).toEqual([2]);
    expect(normalizeAxes("sum", [2, 0], 3)).toEqual([0, 2]);
    expect(normalizeAxes("sum", [], 3)).toEqual([]);
    expect(normalizeAxes("sum", undefined, 3)).toEqual([0, 1, 2]);
  });

  it("sorts numerically, not lexicographically", () => {
    expect(normalizeAxes("sum", [10, 9], 11)).toEqual([9, 10]);
  });

  it("rejects an axis that occurs twice", () => {
    expect(() => normalizeAxes("sum", [1, -1], 2)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sum: got the axes [1, -1], which name one axis twice]`,
    );
  });
});

describe("broadcastShapes", () => {
  it.each<[Shape, Shape, Shape]>([
    [[], [], []],
    [[2, 3], [], [2, 3]],
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [
      [4, 1, 3],
      [2, 1],
      [4, 2, 3],
    ],
    [[0], [1], [0]],
    [
      [2, 0],
      [1, 1],
      [2, 0],
    ],
  ])("brings %j and %j to %j", (a, b, result) => {
    expect(broadcastShapes("add", a, b)).toEqual(result);
    expect(broadcastShapes("add", b, a)).toEqual(result);
  });

  it("does not depend on the order of the operands, and returns equal shapes unchanged", () => {
    const shape = fc.array(fc.nat(3), { maxLength: 4 });
    const attempt = (a: Shape, b: Shape) => {
      try {
        return broadcastShapes("add", a, b);
      } catch {
        return "refused";
      }
    };
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        expect(attempt(a, b)).toEqual(attempt(b, a));
        expect(attempt(a, a)).toEqual(a);
      }),
    );
  });

  it("names the lengths that differ", () => {
    expect(() => broadcastShapes("add", [4, 2, 3], [3, 3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: add: [4, 2, 3] and [3, 3] do not broadcast: 2 and 3 differ at axis -2. Lengths must agree, or one of them be 1, counting axes from the last]`,
    );
    expect(() => broadcastShapes("add", [0], [2])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: add: [0] and [2] do not broadcast: 0 and 2 differ at axis -1. Lengths must agree, or one of them be 1, counting axes from the last]`,
    );
  });
});
