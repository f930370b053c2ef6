import { backward, checkGradient, Parameter } from "@stargrad/autograd";
import { Generator, normal, oneHot, ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { crossEntropy, nllLoss } from "../index.js";

const indices = (values: number[]) => tensor(Int32Array.from(values));

describe("crossEntropy", () => {
  it("never reads the index of an ignored item", () => {
    const weight = tensor([1, 2, 3]);
    const logits = new Parameter(normal([3, 3], { generator: new Generator(1) }));
    const loss = crossEntropy(logits, indices([-100, -100, -100]), { weight, labelSmoothing: 0.1 });
    expect(loss.itemSync()).toBeNaN();
    const total = crossEntropy(logits, indices([-100, 1, -100]), { weight, reduction: "sum" });
    backward(total);
    const rows = logits.grad!.square().sum({ axis: 1 }).dataSync();
    expect([...rows].map((row) => row > 0)).toEqual([false, true, false]);
  });

  it("gives an ignored item no loss even if its logits are infinite", () => {
    const logits = tensor([
      [-Infinity, 0],
      [1, 1],
    ]);
    const losses = crossEntropy(logits, indices([-100, 0]), { reduction: "none" });
    expect(losses.toArraySync()).toEqual([0, Math.fround(Math.log(2))]);
  });

  it("passes NaN on", () => {
    expect(crossEntropy(tensor([[NaN, 1]]), indices([1])).itemSync()).toBeNaN();
  });

  it("is the same for an index and for its one-hot probabilities", () => {
    const logits = normal([4, 3], { generator: new Generator(2), dtype: "float64" });
    const target = indices([2, 0, 1, 2]);
    const certain = oneHot(target, 3, { dtype: "float64" });
    for (const labelSmoothing of [0, 0.3]) {
      const byIndex = crossEntropy(logits, target, { labelSmoothing }).itemSync();
      expect(crossEntropy(logits, certain, { labelSmoothing }).itemSync()).toBeCloseTo(byIndex, 12);
    }
  });

  it("has correct gradients of first and second order", () => {
    const logits = normal([3, 4, 2], { generator: new Generator(3), dtype: "float64" });
    const target = tensor(Int32Array.of(3, 0, -100, 1, 2, 2), { shape: [3, 2] });
    const weight = tensor([0.5, 1, 2, 0.25], { dtype: "float64" });
    for (const order of [1, 2] as const) {
      const report = checkGradient(
        (x) => crossEntropy(x, target, { weight, labelSmoothing: 0.2 }),
        [logits],
        { order },
      );
      expect(report.checked).toBe(24);
    }
  });

  it("reports a class that is out of range, if its value is known", () => {
    const logits = zeros([3, 10]);
    expect(() => crossEntropy(logits, indices([0, 10, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: crossEntropy: got the class 10 at position 1; expected 0 to 9, or -100 to ignore it]`,
    );
    expect(() =>
      crossEntropy(logits, indices([0, -1, 3]), { ignoreIndex: 3 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: crossEntropy: got the class -1 at position 1; expected 0 to 9, or 3 to ignore it]`,
    );
    // A target still to be computed is checked when it is.
    const later = crossEntropy(logits, indices([0, 9, 3]).add(1));
    expect(() => later.itemSync()).toThrow("got the index 10 at position 1");
  });

  it("says which shapes and types do not fit", () => {
    const logits = zeros([4, 3]);
    const target = indices([0, 1, 2, 0]);
    expect(() => crossEntropy(logits, indices([0, 1]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: crossEntropy: got the logits [4, 3] and class indices [2]; expected class indices [4]]`,
    );
    expect(() => crossEntropy(logits, target.cast("float32"))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: crossEntropy: got the logits [4, 3] and probabilities [4]; expected probabilities [4, 3]. Class indices have to be int32: target.cast("int32")]`,
    );
    expect(() => crossEntropy(logits, target.cast("bool"))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: crossEntropy: got a target of bool; expected int32 class indices or float probabilities]`,
    );
    expect(() => crossEntropy(target, target)).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: crossEntropy: got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
    expect(() => crossEntropy(zeros([]), target)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: crossEntropy: got []; expected logits [N, C, …] or [C]]`,
    );
    expect(() => crossEntropy(logits, target, { weight: ones([4]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: crossEntropy: got [4]; expected a weight for each of the 3 classes, [3]]`,
    );
  });

  it("says how to move the classes from the last axis to axis 1", () => {
    const target = zeros([2, 5], { dtype: "int32" });
    expect(() => crossEntropy(zeros([2, 5, 3]), target)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: crossEntropy: got the logits [2, 5, 3] and class indices [2, 5]; expected class indices [2, 3]. The classes are axis 1; move them there with x.permute([0, 2, 1])]`,
    );
    const pixels = zeros([2, 4, 5], { dtype: "int32" });
    expect(() => nllLoss(zeros([2, 4, 5, 3]), pixels)).toThrow("x.permute([0, 3, 1, 2])");
    expect(crossEntropy(zeros([2, 5, 3]).permute([0, 2, 1]), target).shape).toEqual([]);
    expect(nllLoss(zeros([2, 4, 5, 3]).permute([0, 3, 1, 2]), pixels).shape).toEqual([]);
    // Another mistake has no such hint.
    expect(() => crossEntropy(zeros([2, 5, 3]), zeros([2, 4], { dtype: "int32" }))).toThrow(/\[2, 3\]$/);
  });

  it("checks its options", () => {
    const logits = zeros([4, 3]);
    const target = indices([0, 1, 2, 0]);
    expect(() => crossEntropy(logits, target, { labelSmoothing: 1.1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: crossEntropy: got labelSmoothing 1.1; expected a number from 0 to 1]`,
    );
    expect(() => crossEntropy(logits, target, { ignoreIndex: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: crossEntropy: got ignoreIndex 0.5; expected a whole number]`,
    );
    expect(() => crossEntropy(logits, zeros([4, 3]), { ignoreIndex: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: crossEntropy: got ignoreIndex with probabilities; expected class indices]`,
    );
    const reduction = "average" as "mean";
    expect(() => crossEntropy(logits, target, { reduction })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: crossEntropy: got reduction "average"; expected "none", "mean" or "sum"]`,
    );
  });
});

it("has no subnormal gradients, which would slow down later operations", () => {
  const logits = new Parameter(tensor([[0, -60, -80, -88, -95, -103, -200]]));
  backward(crossEntropy(logits, tensor([0], { dtype: "int32" })));
  const gradient = logits.grad?.dataSync() ?? [];
  expect(gradient[1]).toBeCloseTo(Math.exp(-60), 30);
  for (const slope of gradient) expect(slope === 0 || Math.abs(slope) >= 2 ** -126).toBe(true);
});
