import { ShapeError, tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { accuracy } from "./metrics.js";

describe("accuracy", () => {
  const logits = tensor([
    [1, 2, 0],
    [3, 3, 1],
    [0, 0, 9],
    [5, 4, 6],
  ]);

  it("is the fraction of rows whose first largest logit is that of the label", async () => {
    expect(await accuracy(logits, tensor([1, 0, 2, 0], { dtype: "int32" })).item()).toBe(0.75);
    expect(await accuracy(logits, tensor([0, 1, 0, 0], { dtype: "int32" })).item()).toBe(0);
  });

  it("throws for shapes that do not match", () => {
    expect(() => accuracy(logits, tensor([1, 0], { dtype: "int32" }))).toThrow(ShapeError);
    expect(() => accuracy(logits, logits)).toThrow("accuracy: got logits [4, 3] and target [4, 3]");
  });
});
