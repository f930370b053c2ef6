import { backward, Parameter } from "@stargrad/autograd";
import { ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { cosineEmbeddingLoss } from "../index.js";

describe("cosineEmbeddingLoss", () => {
  it("has a cosine of 0 and a finite gradient for a vector of zeros", () => {
    const a = new Parameter(zeros([1, 2]));
    const loss = cosineEmbeddingLoss(a, ones([1, 2]), tensor([1]));
    expect(loss.itemSync()).toBe(1);
    backward(loss);
    expect(a.grad?.isFinite().all().toArraySync()).toBe(true);
  });

  it("depends on the direction and not on the length", () => {
    const options = { reduction: "none" } as const;
    const a = tensor([
      [3, 0],
      [3, 0],
      [1, 1],
    ]);
    const b = tensor([
      [5, 0],
      [-1, 0],
      [9, 9],
    ]);
    const losses = cosineEmbeddingLoss(a, b, tensor([1, 1, -1]), { margin: 0.5, ...options });
    for (const [i, expected] of [0, 2, 0.5].entries()) expect(losses.dataSync()[i]).toBeCloseTo(expected, 6);
  });

  it("says which shapes, types and targets do not fit", () => {
    const a = zeros([4, 3]);
    const target = tensor([1, -1, 1, 0]);
    expect(() => cosineEmbeddingLoss(a, zeros([4, 2]), target)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: cosineEmbeddingLoss: got [4, 3], [4, 2]; expected vectors of one shape, [N, D] or [D]]`,
    );
    expect(() => cosineEmbeddingLoss(a, a, ones([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: cosineEmbeddingLoss: got the vectors [4, 3] and the target [3]; expected the target [4]]`,
    );
    expect(() => cosineEmbeddingLoss(a, a, target)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: cosineEmbeddingLoss: got the target 0 at position 3; expected 1 or -1]`,
    );
    expect(() => cosineEmbeddingLoss(zeros([]), zeros([]), ones([]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: cosineEmbeddingLoss: got [], []; expected vectors of one shape, [N, D] or [D]]`,
    );
    expect(() =>
      cosineEmbeddingLoss(a.cast("int32"), a.cast("int32"), target),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: cosineEmbeddingLoss: got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });
});
