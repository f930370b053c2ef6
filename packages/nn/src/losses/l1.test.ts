import { tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { l1Loss } from "../index.js";

describe("l1Loss", () => {
  it("throws for shapes that only broadcast", () => {
    expect(() => l1Loss(zeros([4, 1]), zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: l1Loss: got [4, 1] and the target [4]; expected one shape. A loss does not broadcast; reshape one of them]`,
    );
    expect(() => l1Loss(zeros([2], { dtype: "int32" }), zeros([2]))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: l1Loss: got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });

  it("takes whole numbers as targets, and passes NaN on", () => {
    expect(l1Loss(tensor([0.5, 2]), tensor(Int32Array.of(1, 3))).itemSync()).toBe(0.75);
    expect(l1Loss(tensor([NaN, 2]), zeros([2])).itemSync()).toBeNaN();
  });
});
