import { backward, checkGradient, Parameter } from "@stargrad/autograd";
import { tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { binaryCrossEntropyWithLogits } from "../index.js";

describe("binaryCrossEntropyWithLogits", () => {
  it("is finite, with finite gradients, for logits of any size", () => {
    const logits = new Parameter(tensor([1e30, -1e30, 1e30, -1e30]));
    const losses = binaryCrossEntropyWithLogits(logits, tensor([1, 0, 0, 1]), { reduction: "none" });
    expect(losses.dataSync()).toEqual(Float32Array.of(0, 0, 1e30, 1e30));
    backward(losses.sum());
    expect(logits.grad?.dataSync()).toEqual(Float32Array.of(0, 0, 1, -1));
  });

  it("has the gradient σ(x) − t also at 0", () => {
    const logits = new Parameter(tensor([0, 0, 0]));
    backward(binaryCrossEntropyWithLogits(logits, tensor([0, 0.25, 1]), { reduction: "sum" }));
    expect(logits.grad?.toArraySync()).toEqual([0.5, 0.25, -0.5]);
    const posWeight = tensor([3, 2]);
    const report = checkGradient(
      (x) => binaryCrossEntropyWithLogits(x, tensor([0, 1]), { posWeight }),
      [tensor([0.5, -2], { dtype: "float64" })],
      { order: 2 },
    );
    expect(report.largestError).toBeLessThan(1e-6);
  });

  it("says which shapes do not fit", () => {
    const logits = zeros([4, 3]);
    expect(() => binaryCrossEntropyWithLogits(logits, zeros([4, 1]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: binaryCrossEntropyWithLogits: got [4, 3] and the target [4, 1]; expected one shape. A loss does not broadcast; reshape one of them]`,
    );
    expect(() =>
      binaryCrossEntropyWithLogits(logits, logits, { weight: zeros([4]) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: binaryCrossEntropyWithLogits: got weight [4]; expected a shape that broadcasts to [4, 3]]`,
    );
    expect(() =>
      binaryCrossEntropyWithLogits(logits, logits, { posWeight: zeros([2, 4, 3]) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: binaryCrossEntropyWithLogits: got posWeight [2, 4, 3]; expected a shape that broadcasts to [4, 3]]`,
    );
  });
});
