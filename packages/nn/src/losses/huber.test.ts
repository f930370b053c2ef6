import { backward, checkGradient, Parameter } from "@stargrad/autograd";
import { tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { huberLoss, smoothL1Loss } from "../index.js";

describe("huberLoss and smoothL1Loss", () => {
  it("have finite gradients for errors whose square overflows", () => {
    const x = new Parameter(tensor([3e38, -3e38, Infinity]));
    const losses = huberLoss(x, zeros([3]), { delta: 0.5, reduction: "none" });
    expect(losses.dataSync()).toEqual(Float32Array.of(1.5e38, 1.5e38, Infinity));
    backward(losses.sum());
    expect(x.grad?.dataSync()).toEqual(Float32Array.of(0.5, -0.5, 0.5));
  });

  it("differ by the factor delta", () => {
    const x = tensor([-3, -0.5, 0, 0.2, 4]);
    const [huber, smooth] = [
      huberLoss(x, zeros([5]), { delta: 2 }),
      smoothL1Loss(x, zeros([5]), { beta: 2 }),
    ];
    expect(huber.itemSync()).toBeCloseTo(2 * smooth.itemSync(), 6);
  });

  it("have correct gradients of first and second order, also at 0", () => {
    const x = tensor([-3, -0.5, 0, 0.2, 4], { dtype: "float64" });
    for (const order of [1, 2] as const) {
      const report = checkGradient((x) => huberLoss(x, zeros([5]), { delta: 1.5 }), [x], { order });
      expect(report.checked).toBeGreaterThanOrEqual(5);
    }
  });

  it("pass NaN on", () => {
    expect(huberLoss(tensor([NaN]), zeros([1])).itemSync()).toBeNaN();
    expect(smoothL1Loss(tensor([NaN]), zeros([1])).itemSync()).toBeNaN();
  });

  it("check their shapes and options", () => {
    expect(() => huberLoss(zeros([4, 1]), zeros([4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: huberLoss: got [4, 1] and the target [4]; expected one shape. A loss does not broadcast; reshape one of them]`,
    );
    expect(() => smoothL1Loss(zeros([4]), zeros([]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: smoothL1Loss: got [4] and the target []; expected one shape. A loss does not broadcast; reshape one of them]`,
    );
    expect(() => huberLoss(zeros([1]), zeros([1]), { delta: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: huberLoss: got delta 0; expected a finite number above 0]`,
    );
    expect(() => smoothL1Loss(zeros([1]), zeros([1]), { beta: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: smoothL1Loss: got beta -1; expected a finite number of at least 0]`,
    );
    expect(() => smoothL1Loss(zeros([1]), zeros([1]), { beta: NaN })).toThrow("got beta NaN");
  });
});
