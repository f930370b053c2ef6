import { ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { mseLoss } from "../index.js";

describe("mseLoss", () => {
  it("throws for shapes that only broadcast", () => {
    expect(() => mseLoss(zeros([4, 1]), zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: mseLoss: got [4, 1] and the target [4]; expected one shape. A loss does not broadcast; reshape one of them]`,
    );
    expect(() => mseLoss(zeros([2]), zeros([]))).toThrow("expected one shape");
    expect(() => mseLoss(ones([2], { dtype: "int32" }), ones([2]))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: mseLoss: got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });

  it("takes whole numbers as targets, and passes NaN on", () => {
    expect(mseLoss(tensor([0.5, 2]), tensor(Int32Array.of(1, 2))).itemSync()).toBe(0.125);
    expect(mseLoss(tensor([NaN, 2]), zeros([2])).itemSync()).toBeNaN();
  });
});
