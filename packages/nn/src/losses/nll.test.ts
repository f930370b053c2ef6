import { backward, Parameter } from "@stargrad/autograd";
import { Generator, normal, ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { crossEntropy, nllLoss } from "../index.js";

const indices = (values: number[]) => tensor(Int32Array.from(values));

describe("nllLoss", () => {
  it("of log-softmax is the cross entropy", () => {
    const logits = normal([4, 3], { generator: new Generator(1), dtype: "float64" });
    const target = indices([2, -100, 1, 2]);
    const weight = tensor([0.5, 1, 2], { dtype: "float64" });
    const expected = crossEntropy(logits, target, { weight }).itemSync();
    expect(nllLoss(logits.logSoftmax(), target, { weight }).itemSync()).toBeCloseTo(expected, 14);
  });

  it("never reads the index of an ignored item, and ignores infinite values there", () => {
    const x = new Parameter(
      tensor([
        [-Infinity, -1],
        [-2, -Infinity],
      ]),
    );
    const loss = nllLoss(x, indices([-100, 0]));
    expect(loss.itemSync()).toBe(2);
    backward(loss);
    expect(x.grad?.add(0).toArraySync()).toEqual([
      [0, 0],
      [-1, 0],
    ]);
    expect(nllLoss(x, indices([-100, -100])).itemSync()).toBeNaN();
  });

  it("says which class, shapes and types do not fit", () => {
    const x = zeros([3, 10]);
    const target = indices([0, 1, 2]);
    expect(() => nllLoss(x, indices([0, 10, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: nllLoss: got the class 10 at position 1; expected 0 to 9, or -100 to ignore it]`,
    );
    expect(() => nllLoss(x, indices([0, 1]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: nllLoss: got the log-probabilities [3, 10] and class indices [2]; expected class indices [3]]`,
    );
    expect(() => nllLoss(x, ones([3]))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: nllLoss: got a target of float32; expected int32. Cast with x.cast("int32")]`,
    );
    expect(() => nllLoss(x, target, { weight: ones([3]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: nllLoss: got [3]; expected a weight for each of the 10 classes, [10]]`,
    );
    expect(() => nllLoss(x, target, { ignoreIndex: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: nllLoss: got ignoreIndex 0.5; expected a whole number]`,
    );
    expect(() => nllLoss(zeros([]), target)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: nllLoss: got []; expected log-probabilities [N, C, …] or [C]]`,
    );
    // A target still to be computed is checked when it is.
    const later = nllLoss(x, indices([0, 9, 3]).add(1));
    expect(() => later.itemSync()).toThrow("got the index 10 at position 1");
  });
});
