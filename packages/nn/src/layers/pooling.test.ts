import { backward, Parameter } from "@stargrad/autograd";
import { ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  MaxPool1d,
} from "../index.js";

describe("MaxPool1d", () => {
  it("gives the whole gradient to the first of several largest, and passes NaN on", () => {
    const x = new Parameter(ones([1, 4]));
    backward(new MaxPool1d(2).forward(x).sum());
    expect(x.grad?.toArraySync()).toEqual([[1, 0, 1, 0]]);
    expect(new MaxPool1d(2).forward(tensor([[1, NaN, 2, 3]])).toArraySync()).toEqual([[NaN, 3]]);
  });

  it("reports its name, the input and the expected shape", () => {
    const pool = new MaxPool1d(3, { stride: 2 });
    expect(() => pool.forward(zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MaxPool1d(3, { stride: 2 }): got [4]; expected [N, C, L] or [C, L]]`,
    );
    expect(() => pool.forward(zeros([1, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MaxPool1d(3, { stride: 2 }): got [1, 2]; expected a length of at least 3]`,
    );
    expect(() => new MaxPool1d(3, { padding: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: MaxPool1d(3, { padding: 2 }): got padding [2]; expected at most half of the kernel size [3]]`,
    );
  });
});

describe("AvgPool1d and AvgPool2d", () => {
  it("count the padding by default, but never elements beyond it", () => {
    const x = ones([1, 1, 3, 3]);
    const means = (countIncludePad: boolean) =>
      new AvgPool2d(2, { padding: 1, ceilMode: true, countIncludePad }).forward(x).dataSync();
    expect([...means(true)]).toEqual([0.25, 0.5, 0.5, 1]);
    expect([...means(false)]).toEqual([1, 1, 1, 1]);
    expect(new AvgPool1d(2, { ceilMode: true }).forward(ones([1, 3])).toArraySync()).toEqual([[1, 1]]);
  });

  it("pass NaN on to the windows that contain it", () => {
    expect(new AvgPool1d(2).forward(tensor([[1, NaN, 2, 4]])).toArraySync()).toEqual([[NaN, 3]]);
  });

  it("report their name, the input and the expected shape", () => {
    const pool = new AvgPool2d(3, { stride: 2 });
    expect(() => pool.forward(zeros([4, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: AvgPool2d(3, { stride: 2 }): got [4, 4]; expected [N, C, H, W] or [C, H, W]]`,
    );
    expect(() => pool.forward(zeros([1, 2, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: AvgPool2d(3, { stride: 2 }): got [1, 2, 4]; expected a height of at least 3]`,
    );
    expect(() => pool.forward(zeros([1, 4, 4], { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: AvgPool2d(3, { stride: 2 }): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
    expect(() => new AvgPool2d(2, { divisorOverride: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: AvgPool2d: got divisorOverride 0; expected a whole number that is not 0]`,
    );
    expect(() => new AvgPool1d(0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: AvgPool1d: got kernelSize 0; expected a whole number of at least 1]`,
    );
  });
});

describe("adaptive pooling", () => {
  it("to more sections than elements takes one operation, however many there are", () => {
    const x = new Parameter(tensor([[1, 2, 4]]));
    const y = new AdaptiveAvgPool1d(7).forward(x);
    expect(y.toArraySync()).toEqual([[1, 1, 1.5, 2, 3, 4, 4]]);
    expect(new AdaptiveMaxPool1d(7).forward(x).toArraySync()).toEqual([[1, 1, 2, 2, 4, 4, 4]]);
    backward(y.sum());
    expect(x.grad?.toArraySync()).toEqual([[2.5, 2, 2.5]]);
    const many = 2 ** 17;
    expect(
      new AdaptiveAvgPool1d(many)
        .forward(tensor([[1, 1, 1]]))
        .sum()
        .itemSync(),
    ).toBe(many);
    expect(() => new AdaptiveAvgPool2d(many).forward(zeros([1, 3, 3])).dataSync()).toThrow(
      "WebAssembly can address only 4 GiB",
    );
  });

  it("gives the whole gradient to the first of several largest", () => {
    const x = new Parameter(ones([1, 2, 3]));
    backward(new AdaptiveMaxPool2d(1).forward(x).sum());
    expect(x.grad?.toArraySync()).toEqual([
      [
        [1, 0, 0],
        [0, 0, 0],
      ],
    ]);
  });

  it("keeps a NaN in the sections that contain it", () => {
    const x = tensor([[NaN, 1, 2, 3]]);
    expect(new AdaptiveAvgPool1d(3).forward(x).toArraySync()).toEqual([[NaN, 1.5, 2.5]]);
    expect(new AdaptiveMaxPool1d(2).forward(x).toArraySync()).toEqual([[NaN, 3]]);
  });

  it("works for an empty batch, and keeps an axis for null", () => {
    expect(new AdaptiveAvgPool2d([null, 3]).forward(zeros([0, 2, 5, 4])).shape).toEqual([0, 2, 5, 3]);
    expect(new AdaptiveAvgPool2d(null).forward(zeros([2, 5, 4])).shape).toEqual([2, 5, 4]);
  });

  it("reports its name, the input and the expected shape", () => {
    const pool = new AdaptiveAvgPool2d([2, null]);
    expect(() => pool.forward(zeros([4, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: AdaptiveAvgPool2d([2, null]): got [4, 4]; expected [N, C, H, W] or [C, H, W]]`,
    );
    expect(() => pool.forward(zeros([1, 0, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: AdaptiveAvgPool2d([2, null]): got [1, 0, 4]; expected at least one element along each axis that is pooled]`,
    );
    expect(() => pool.forward(zeros([1, 4, 4], { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: AdaptiveAvgPool2d([2, null]): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
    expect(() => new AdaptiveMaxPool1d(0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: AdaptiveMaxPool1d: got outputSize 0; expected a whole number of at least 1]`,
    );
    expect(() => new AdaptiveMaxPool2d([2, 1.5])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: AdaptiveMaxPool2d: got outputSize [2, 1.5]; expected two whole numbers of at least 1]`,
    );
  });
});
