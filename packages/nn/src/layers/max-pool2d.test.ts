import { backward, Parameter } from "@stargrad/autograd";
import { ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { MaxPool2d } from "../index.js";

describe("MaxPool2d", () => {
  it("gives the whole gradient to the first of several largest", () => {
    const x = new Parameter(ones([1, 2, 4]));
    backward(new MaxPool2d(2).forward(x).sum());
    expect(x.grad?.toArraySync()).toEqual([
      [
        [1, 0, 1, 0],
        [0, 0, 0, 0],
      ],
    ]);
  });

  it("passes NaN on, and negative numbers past its padding", () => {
    const pool = new MaxPool2d(2, { padding: 1 });
    const y = pool.forward(
      tensor([
        [
          [-3, -2],
          [NaN, -1],
        ],
      ]),
    );
    expect(y.toArraySync()).toEqual([
      [
        [-3, -2],
        [NaN, -1],
      ],
    ]);
  });

  it("reports its name, the input and the expected shape", () => {
    const pool = new MaxPool2d(3, { stride: 2 });
    expect(() => pool.forward(zeros([4, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MaxPool2d(3, { stride: 2 }): got [4, 4]; expected [N, C, H, W] or [C, H, W]]`,
    );
    expect(() => pool.forward(zeros([1, 3, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MaxPool2d(3, { stride: 2 }): got [1, 3, 2]; expected a width of at least 3]`,
    );
    expect(() => pool.forward(zeros([1, 4, 4], { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: MaxPool2d(3, { stride: 2 }): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
    expect(() => new MaxPool2d([2, 3], { padding: [0, 2] })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: MaxPool2d([2, 3], { padding: [0, 2] }): got padding [0, 2]; expected at most half of the kernel size [2, 3]]`,
    );
    expect(() => new MaxPool2d(2, { stride: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: MaxPool2d: got stride 0; expected a whole number of at least 1]`,
    );
  });
});
