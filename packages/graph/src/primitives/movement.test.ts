import { describe, expect, it } from "vitest";

import { allocate, type DType } from "../dtype.js";
import { runProgram } from "../engine.js";
import { HostStorage } from "../storage.js";
import { samplesOf } from "../descriptions.js";
import { createLeaf, createNode, type AttributesOf, type Node } from "../node.js";
import { primitiveNames, primitives, type PrimitiveName } from "../primitives.js";
import { referenceEngine } from "../reference-engine.js";
import { sizeOf, type Shape } from "../shape.js";
import type { ViewMovement } from "./movement.js";

function leaf(shape: Shape, dtype: DType = "float64"): Node {
  return createLeaf(shape, dtype, new HostStorage(allocate(dtype, sizeOf(shape)).fill(1)));
}

/** The error that creating a node with these inputs throws. */
function refusal<P extends PrimitiveName>(
  name: P,
  attributes: AttributesOf<P>,
  ...inputs: Node[]
): () => unknown {
  return () => createNode(name, inputs, attributes);
}

const views = primitiveNames.filter((name) => "view" in primitives[name]);

describe("movements", () => {
  it("are views that read only existing elements, on every sample", () => {
    expect(views).toEqual(["detach", "reshape", "permute", "expand", "slice", "flip", "unfold"]);
    for (const name of views) {
      const movement = primitives[name] as ViewMovement<object>;
      expect(movement.kind).toBe("movement");
      for (const { inputs, attributes } of samplesOf(name)) {
        const [{ shape: input }] = inputs;
        const output = movement.shape(inputs, attributes);
        if (sizeOf(output) === 0) continue;
        const { offset, strides } = movement.view(input, attributes);
        const reach = strides.map((stride, axis) => stride * (output[axis] - 1));
        const [lowest, highest] = [Math.min, Math.max].map((end) =>
          reach.reduce((place, distance) => place + end(distance, 0), offset),
        );
        expect(lowest, name).toBeGreaterThanOrEqual(0);
        expect(highest, name).toBeLessThan(sizeOf(input));
      }
    }
  });
});

describe("pad", () => {
  const attributes = { before: [1], after: [1], between: [0] };

  it("fills floats with any number, and rejects values that an integer type cannot hold", () => {
    const [storage] = runProgram(referenceEngine, [
      createNode("pad", [leaf([1])], { ...attributes, value: -Infinity }),
    ]);
    expect([...storage.readSync()]).toEqual([-Infinity, 1, -Infinity]);
    expect(
      refusal("pad", { ...attributes, value: -Infinity }, leaf([1], "int32")),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: pad: got the value -Infinity, which int32 cannot hold. Cast with x.cast("float32")]`,
    );
    expect(refusal("pad", { ...attributes, value: 2 }, leaf([1], "bool"))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: pad: got the value 2, which bool cannot hold. Cast with x.cast("float32")]`,
    );
  });
});

describe("messages", () => {
  it("of reshape, permute and expand", () => {
    expect(refusal("reshape", { shape: [4] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: reshape: [2, 3] has 6 elements; [4] has 4]`,
    );
    expect(refusal("reshape", { shape: [-2, -3] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: reshape: got the shape [-2, -3]; every axis must be a whole number of at least 0]`,
    );
    expect(refusal("permute", { axes: [0, 0] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: permute: got the axes [0, 0] for the shape [2, 3]; expected each axis once]`,
    );
    expect(refusal("permute", { axes: [0] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: permute: got the axes [0] for the shape [2, 3]; expected each axis once]`,
    );
    expect(refusal("expand", { shape: [4, 3] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: expand: [2, 3] cannot become [4, 3]; only axes of length 1 can change]`,
    );
    expect(refusal("expand", { shape: [1, 2, 3] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: expand: [2, 3] cannot become [1, 2, 3]; only axes of length 1 can change]`,
    );
    expect(refusal("expand", { shape: [-1, 3] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: expand: got the shape [-1, 3]; every axis must be a whole number of at least 0]`,
    );
  });

  it("of slice, outside its axis on either side", () => {
    for (const [start, length, step] of [
      [0, 4, 1],
      [2, 2, 1],
      [-1, 1, 1],
      [0, 2, 0],
      [0, 2, 3],
      [0, -1, 1],
      [0.5, 1, 1],
      [0, 1.5, 1],
    ]) {
      expect(refusal("slice", { starts: [start], lengths: [length], steps: [step] }, leaf([3]))).toThrow(
        "slice: starts",
      );
    }
    expect(
      refusal("slice", { starts: [0], lengths: [1], steps: [1] }, leaf([2, 3])),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: slice: starts [0], lengths [1] and steps [1] are outside the shape [2, 3]]`,
    );
  });

  it("of flip", () => {
    expect(refusal("flip", { axes: [2] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: flip: got the axes [2] for the shape [2, 3]]`,
    );
    expect(refusal("flip", { axes: [0, 0] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: flip: got the axes [0, 0] for the shape [2, 3]]`,
    );
  });

  it("of unfold and fold", () => {
    const window = { size: [3], stride: [1], dilation: [1] };
    expect(refusal("unfold", window, leaf([2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: unfold: windows of [3] (stride [1], dilation [1]) do not fit in [2]]`,
    );
    expect(refusal("unfold", { ...window, dilation: [2] }, leaf([4]))).toThrow("do not fit in [4]");
    expect(refusal("unfold", { ...window, stride: [0] }, leaf([4]))).toThrow("do not fit in [4]");
    expect(refusal("unfold", { ...window, stride: [] }, leaf([4]))).toThrow("do not fit in [4]");
    expect(refusal("unfold", { size: [1, 1], stride: [1, 1], dilation: [1, 1] }, leaf([4]))).toThrow(
      "do not fit in [4]",
    );
    expect(refusal("fold", { ...window, shape: [5] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: fold: got [2, 3]; windows of [5] have the shape [3, 3]]`,
    );
    expect(
      refusal("fold", { ...window, shape: [5] }, leaf([3, 3], "bool")),
    ).toThrowErrorMatchingInlineSnapshot(`[DTypeError: fold: got bool; expected int32, float32, float64]`);
  });

  it("of pad", () => {
    const none = { before: [0, 0], after: [0, 0], between: [0, 0], value: 0 };
    expect(refusal("pad", { ...none, before: [-1, 0] }, leaf([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: pad: got [-1, 0] before, [0, 0] after and [0, 0] between for the shape [2, 3]; expected a count of at least 0 for each axis]`,
    );
    expect(refusal("pad", none, leaf([2]))).toThrow("expected a count of at least 0 for each axis");
  });

  it("of concat", () => {
    expect(refusal("concat", { axis: 0 }, leaf([2, 3]), leaf([2, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: concat: got [2, 3], [2, 4] along axis 0; expected shapes that differ only there]`,
    );
    expect(refusal("concat", { axis: 0 }, leaf([2]), leaf([2, 1]))).toThrow(
      "expected shapes that differ only there",
    );
    expect(refusal("concat", { axis: 1 }, leaf([2]), leaf([2]))).toThrow("along axis 1");
    expect(refusal("concat", { axis: 0 }, leaf([2]), leaf([2], "int32"))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: concat: got float64, int32; expected one element type]`,
    );
  });
});
