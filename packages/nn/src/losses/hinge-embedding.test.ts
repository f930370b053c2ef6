import { tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { hingeEmbeddingLoss } from "../index.js";

describe("hingeEmbeddingLoss", () => {
  it("takes targets of any number type, and passes NaN on", () => {
    const distances = tensor([0.25, 0.25, 3]);
    for (const dtype of ["float32", "float64", "int32"] as const) {
      const losses = hingeEmbeddingLoss(distances, tensor([1, -1, -1], { dtype }), { reduction: "none" });
      expect([losses.dtype, losses.toArraySync()]).toEqual(["float32", [0.25, 0.75, 0]]);
    }
    expect(hingeEmbeddingLoss(tensor([NaN]), tensor([-1])).itemSync()).toBeNaN();
  });

  it("says which shapes and targets do not fit", () => {
    expect(() => hingeEmbeddingLoss(zeros([4, 1]), zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: hingeEmbeddingLoss: got [4, 1] and the target [4]; expected one shape. A loss does not broadcast; reshape one of them]`,
    );
    expect(() => hingeEmbeddingLoss(zeros([2]), tensor([1, 0]))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: hingeEmbeddingLoss: got the target 0 at position 1; expected 1 or -1]`,
    );
  });
});
