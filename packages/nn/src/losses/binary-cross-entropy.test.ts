import { backward, checkGradient, Parameter } from "@stargrad/autograd";
import { ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "../index.js";

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

describe("binaryCrossEntropy", () => {
  it("agrees with binaryCrossEntropyWithLogits", () => {
    const logits = tensor([-3, -0.5, 0, 2], { dtype: "float64" });
    const target = tensor([0, 1, 0.25, 1], { dtype: "float64" });
    const expected = binaryCrossEntropyWithLogits(logits, target).itemSync();
    expect(binaryCrossEntropy(logits.sigmoid(), target).itemSync()).toBeCloseTo(expected, 14);
  });

  it("has a finite loss, and a nonzero gradient, for a certain and wrong prediction", () => {
    const p = new Parameter(tensor([0, 1, 0, 1]));
    const losses = binaryCrossEntropy(p, tensor([1, 0, 0, 1]), { reduction: "none" });
    expect(losses.add(0).toArraySync()).toEqual([100, 100, 0, 0]);
    backward(losses.sum());
    expect(p.grad?.dataSync()).toEqual(Float32Array.of(-1e12, 1e12, 0, 0));
  });

  it("has correct gradients of first and second order", () => {
    const p = tensor([0.1, 0.5, 0.9], { dtype: "float64" });
    const target = tensor([0.3, 1, 0], { dtype: "float64" });
    for (const order of [1, 2] as const) {
      const report = checkGradient((p, t) => binaryCrossEntropy(p, t), [p, target], { order });
      expect(report.largestError).toBeLessThan(1e-5);
    }
  });

  it("says which shapes and values do not fit, and passes NaN on", () => {
    const p = ones([4, 3]);
    expect(() => binaryCrossEntropy(p, zeros([4, 1]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: binaryCrossEntropy: got [4, 3] and the target [4, 1]; expected one shape. A loss does not broadcast; reshape one of them]`,
    );
    expect(() => binaryCrossEntropy(p, p, { weight: zeros([4]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: binaryCrossEntropy: got weight [4]; expected a shape that broadcasts to [4, 3]]`,
    );
    expect(() => binaryCrossEntropy(tensor([1.5]), ones([1]))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: binaryCrossEntropy: got the probability 1.5; expected 0 to 1. Use binaryCrossEntropyWithLogits for logits]`,
    );
    expect(binaryCrossEntropy(tensor([NaN]), ones([1])).itemSync()).toBeNaN();
    expect(binaryCrossEntropy(ones([1]).mul(1.5), ones([1])).itemSync()).toBeNaN();
  });
});
