import { describe, expect, it } from "vitest";

import type { DType } from "../dtype.js";
import { runProgram } from "../engine.js";
import { HostStorage } from "../storage.js";
import { createLeaf, createNode, type Node } from "../node.js";
import { referenceEngine } from "../reference-engine.js";
import { values } from "../samples.js";
import type { Shape } from "../shape.js";

function leaf(dtype: DType, shape: Shape, elements: readonly number[] = []): Node {
  return createLeaf(shape, dtype, new HostStorage(values(dtype, shape, elements).data));
}

function compute(node: Node): number[] {
  return [...runProgram(referenceEngine, [node])[0].readSync()];
}

describe("int32", () => {
  const large = leaf("int32", [3], [2 ** 31 - 1, 2 ** 31 - 1, 3]);

  it("sums and multiplies exactly and wraps around", () => {
    expect(compute(createNode("sum", [large], { axes: [0] }))).toEqual([1]);
    expect(compute(createNode("cumsum", [large], { axis: 0 }))).toEqual([2 ** 31 - 1, -2, 1]);
    expect(compute(createNode("prod", [large], { axes: [0] }))).toEqual([3]);
    const factors = leaf("int32", [3], [123456789, 987654321, 3]);
    expect(compute(createNode("prod", [factors], { axes: [0] }))).toEqual([-67153019 * 3]);
  });

  it("has the smallest int32 as a possible maximum", () => {
    const smallest = leaf("int32", [2], [-(2 ** 31), -(2 ** 31)]);
    expect(compute(createNode("max", [smallest], { axes: [0] }))).toEqual([-(2 ** 31)]);
  });
});

describe("float32", () => {
  it("sums in double precision and rounds once", () => {
    const x = leaf("float32", [10_001], [2 ** 24, ...new Array<number>(10_000).fill(1)]);
    expect(compute(createNode("sum", [x], { axes: [0] }))).toEqual([2 ** 24 + 10_000]);
  });
});

describe("NaN", () => {
  it("propagates through a maximum and a sum from any position", () => {
    for (const elements of [
      [NaN, 1, 2],
      [1, NaN, 2],
      [1, 2, NaN],
    ]) {
      const x = leaf("float64", [3], elements);
      expect(compute(createNode("max", [x], { axes: [0] }))).toEqual([NaN]);
      expect(compute(createNode("sum", [x], { axes: [0] }))).toEqual([NaN]);
    }
  });
});

describe("a reduction over no elements", () => {
  it("is 0 for a sum, 1 for a product", () => {
    expect(compute(createNode("sum", [leaf("float64", [0, 2])], { axes: [0] }))).toEqual([0, 0]);
    expect(compute(createNode("prod", [leaf("int32", [0, 2])], { axes: [0] }))).toEqual([1, 1]);
  });

  it("has no maximum", () => {
    expect(() =>
      createNode("max", [leaf("float64", [0, 2])], { axes: [0] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: max: got the shape [0, 2], which has no elements along the axes [0]; expected at least 1]`,
    );
    expect(createNode("max", [leaf("float64", [0, 2])], { axes: [1] }).shape).toEqual([0]);
  });
});

describe("messages", () => {
  it.each(["sum", "prod", "max"] as const)("of %s name the axes that do not fit", (name) => {
    const x = leaf("float64", [2, 3], [1, 2, 3, 4, 5, 6]);
    for (const axes of [[2], [-1], [1, 0], [0, 0], [0.5]]) {
      expect(() => createNode(name, [x], { axes })).toThrow(`${name}: got the axes [${axes.join(", ")}]`);
    }
    expect(() => createNode(name, [leaf("float64", [], [1])], { axes: [0] })).toThrow("got the axes [0]");
  });

  it("state what the call got and expected", () => {
    const x = leaf("bool", [2], [0, 1]);
    expect(() => createNode("sum", [x], { axes: [0] })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: sum: got bool; expected int32, float32, float64. Cast with x.cast("int32") or another type]`,
    );
    expect(() => createNode("cumsum", [x], { axis: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: cumsum: got bool; expected int32, float32, float64. Cast with x.cast("int32") or another type]`,
    );
    expect(() => createNode("cumsum", [leaf("int32", [2])], { axis: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: cumsum: got the axes [1] for the shape [2]]`,
    );
    expect(() =>
      createNode("cumsum", [leaf("int32", [], [1])], { axis: 0 }),
    ).toThrowErrorMatchingInlineSnapshot(`[ShapeError: cumsum: got the axes [0] for the shape []]`);
  });
});
