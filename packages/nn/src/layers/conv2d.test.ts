import { Generator, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Conv2d } from "../index.js";

describe("Conv2d", () => {
  it("counts the channels of one group for its first weights", () => {
    const layer = new Conv2d(8, 60, 5, { groups: 4, generator: new Generator(1) });
    const bound = 1 / Math.sqrt((8 / 4) * 25);
    expect(layer.weight.shape).toEqual([60, 2, 5, 5]);
    const weights = [...layer.weight.dataSync()].map(Math.abs);
    expect(Math.max(...weights)).toBeLessThanOrEqual(bound);
    expect(Math.max(...weights)).toBeGreaterThan(0.99 * bound);
    const biases = [...layer.bias!.dataSync()].map(Math.abs);
    expect(Math.max(...biases)).toBeLessThanOrEqual(bound);
    expect(Math.max(...biases)).toBeGreaterThan(0.8 * bound);
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new Conv2d(3, 8, [5, 3], { padding: 1, generator: new Generator(0) });
    expect(layer.describe()).toMatchInlineSnapshot(`"Conv2d(3, 8, [5, 3], { padding: 1 })"`);
    expect(() => layer.forward(zeros([2, 4, 9, 9]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Conv2d(3, 8, [5, 3], { padding: 1 }): got [2, 4, 9, 9]; expected [N, 3, H, W] or [3, H, W]]`,
    );
    expect(() => layer.forward(zeros([9, 9]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Conv2d(3, 8, [5, 3], { padding: 1 }): got [9, 9]; expected [N, 3, H, W] or [3, H, W]]`,
    );
    expect(() => layer.forward(zeros([2, 3, 2, 9]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Conv2d(3, 8, [5, 3], { padding: 1 }): got [2, 3, 2, 9]; expected an image of at least 3 × 1]`,
    );
  });

  it("checks its options", () => {
    expect(() => new Conv2d(3, 8, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv2d: got kernelSize 0; expected a whole number of at least 1]`,
    );
    expect(() => new Conv2d(3, 8, [3, 1.5])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv2d: got kernelSize [3, 1.5]; expected two whole numbers of at least 1]`,
    );
    expect(() => new Conv2d(3, 8, 3, { padding: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv2d: got padding -1; expected a whole number of at least 0]`,
    );
    expect(() => new Conv2d(3, 8, 3, { groups: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv2d: got 3 input and 8 output channels in 2 groups; expected groups of equal size]`,
    );
    expect(() => new Conv2d(3, 8, 3, { padding: "same", stride: [1, 2] })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Conv2d: got padding "same" with stride [1, 2]; expected stride 1. A longer stride cannot keep the size; give the padding as a number]`,
    );
  });
});
