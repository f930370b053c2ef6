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

describe("an index outside its axis", () => {
  it.each([3, -1, 2 ** 31 - 1])("%i throws and is never read or written", (index) => {
    const indices = leaf("int32", [2], [0, index]);
    expect(() =>
      compute(createNode("gather", [leaf("float64", [3], [1, 2, 3]), indices], { axis: 0 })),
    ).toThrow(`gather: got the index ${index} at position 1; expected 0 to 2`);
    expect(() =>
      compute(createNode("scatterAdd", [indices, leaf("float64", [2], [1, 2])], { axis: 0, size: 3 })),
    ).toThrow(`scatterAdd: got the index ${index} at position 1; expected 0 to 2`);
  });
});

describe("scatterAdd", () => {
  it("sums elements with the same index, and wraps around in int32", () => {
    const index = leaf("int32", [3], [1, 1, 0]);
    const source = leaf("int32", [3], [2 ** 31 - 1, 1, 5]);
    expect(compute(createNode("scatterAdd", [index, source], { axis: 0, size: 3 }))).toEqual([
      5,
      -(2 ** 31),
      0,
    ]);
  });
});

describe("argsort", () => {
  const order = (elements: number[], descending: boolean) =>
    compute(createNode("argsort", [leaf("float64", [elements.length], elements)], { axis: 0, descending }));

  it("sorts NaN last, and treats −0 as 0", () => {
    expect(order([NaN, 1, Infinity, -Infinity], false)).toEqual([3, 1, 2, 0]);
    expect(order([1, NaN, Infinity, -Infinity], true)).toEqual([1, 2, 0, 3]);
    expect(order([0, -0, 0], false)).toEqual([0, 1, 2]);
  });

  it("keeps the order of infinities that tie", () => {
    expect(order([Infinity, 0, Infinity, -Infinity, -Infinity], false)).toEqual([3, 4, 1, 0, 2]);
    expect(order([NaN, NaN, Infinity, Infinity], true)).toEqual([0, 1, 2, 3]);
  });

  it("is stable in both directions with many ties", () => {
    const elements = Array.from({ length: 1000 }, (_, i) => i % 3);
    const group = (value: number) => Array.from({ length: 1000 }, (_, i) => i).filter((i) => i % 3 === value);
    expect(order(elements, false)).toEqual([...group(0), ...group(1), ...group(2)]);
    expect(order(elements, true)).toEqual([...group(2), ...group(1), ...group(0)]);
  });
});

describe("messages", () => {
  const [x, index, floats] = [leaf("float64", [3, 2]), leaf("int32", [3, 2]), leaf("float32", [3, 2])];
  const wide = leaf("int32", [3, 4]);

  it("state what the call got and expected", () => {
    expect(() => createNode("iota", [], { size: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: iota: got the size -1; expected a whole number of at least 0]`,
    );
    expect(() => createNode("gather", [x, floats], { axis: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: gather: the index is float32; expected int32. Cast it with index.cast("int32")]`,
    );
    expect(() => createNode("gather", [x, wide], { axis: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: gather: got the index [3, 4] for [3, 2] along axis 0; expected shapes that differ only there]`,
    );
    expect(() => createNode("gather", [x, index], { axis: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: gather: got the index [3, 2] for [3, 2] along axis 2; expected shapes that differ only there]`,
    );
    expect(() =>
      createNode("scatterAdd", [floats, x], { axis: 0, size: 3 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: scatterAdd: the index is float32; expected int32. Cast it with index.cast("int32")]`,
    );
    expect(() =>
      createNode("scatterAdd", [wide, x], { axis: 0, size: 3 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scatterAdd: got the index [3, 4] for [3, 2] along axis 0; expected shapes that differ only there]`,
    );
    expect(() =>
      createNode("scatterAdd", [wide, x], { axis: 1, size: 9 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scatterAdd: got the index [3, 4] for the source [3, 2]; expected one shape]`,
    );
    expect(() =>
      createNode("scatterAdd", [index, leaf("bool", [3, 2])], { axis: 0, size: 3 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: scatterAdd: got bool; expected int32, float32, float64]`,
    );
    expect(() =>
      createNode("argsort", [x], { axis: 2, descending: false }),
    ).toThrowErrorMatchingInlineSnapshot(`[ShapeError: argsort: got axis 2 for the shape [3, 2]]`);
  });
});
