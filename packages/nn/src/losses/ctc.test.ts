import { backward, checkGradient, Parameter } from "@stargrad/autograd";
import { Generator, normal, ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { ctcLoss } from "../index.js";

const indices = (values: number[]) => tensor(Int32Array.from(values));

/** The probability of a target, summed over all alignments. */
function enumerate(probabilities: readonly (readonly number[])[], target: readonly number[]): number {
  const classes = probabilities[0].length;
  let total = 0;
  for (let way = 0; way < classes ** probabilities.length; way++) {
    const path = probabilities.map((_, step) => Math.floor(way / classes ** step) % classes);
    const said = path.filter((value, step) => value !== 0 && value !== path[step - 1]);
    if (said.join() !== target.join()) continue;
    total += path.reduce((product, value, step) => product * probabilities[step][value], 1);
  }
  return total;
}

describe("ctcLoss", () => {
  it.each([[[1, 2]], [[1, 1]], [[2]], [[]], [[2, 1, 2]]])("sums over all alignments of %j", (target) => {
    const x = normal([5, 3], { generator: new Generator(1), dtype: "float64" }).logSoftmax();
    const expected = enumerate(x.exp().toArraySync() as number[][], target);
    const loss = ctcLoss(x, indices(target), { reduction: "sum" });
    expect(loss.itemSync()).toBeCloseTo(-Math.log(expected), 12);
  });

  it("has correct gradients", () => {
    const x = normal([4, 2, 3], { generator: new Generator(2), dtype: "float64" });
    const targets = indices([1, 2, 2, 0]).reshape([2, 2]);
    const lengths = { inputLengths: indices([4, 3]), targetLengths: indices([2, 1]) };
    const report = checkGradient((x) => ctcLoss(x.logSoftmax(), targets, lengths), [x]);
    expect(report.checked).toBe(24);
  });

  it("is infinite, with the gradient 0, for a target that is too long", () => {
    const x = new Parameter(zeros([2, 1, 3]));
    const targets = indices([1, 1]).reshape([1, 2]);
    const loss = ctcLoss(x, targets);
    expect(loss.itemSync()).toBe(Infinity);
    backward(loss);
    expect(x.grad?.dataSync()).toEqual(new Float32Array(6));
    expect(ctcLoss(x, targets, { zeroInfinity: true }).itemSync()).toBe(0);
  });

  it("never reads padding", () => {
    const x = new Parameter(normal([4, 1, 3], { generator: new Generator(3) }));
    const lengths = { inputLengths: indices([3]), targetLengths: indices([1]) };
    const [first, second] = [
      [1, 2],
      [1, 99],
    ].map((target) => ctcLoss(x, indices(target).reshape([1, 2]), lengths));
    expect(second.itemSync()).toBe(first.itemSync());
    backward(first);
    expect(x.grad?.select(0, 3).dataSync()).toEqual(new Float32Array(3));
  });

  it("says which shapes, types and values do not fit", () => {
    const x = zeros([5, 2, 4]);
    const targets = indices([1, 2, 3, 1, 2, 3]).reshape([2, 3]);
    expect(() => ctcLoss(zeros([5]), targets)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ctcLoss: got [5]; expected [T, N, C] or [T, C] with at least one step]`,
    );
    expect(() => ctcLoss(zeros([0, 2, 4]), targets)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ctcLoss: got [0, 2, 4]; expected [T, N, C] or [T, C] with at least one step]`,
    );
    expect(() => ctcLoss(x, indices([1, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ctcLoss: got [2]; expected targets [2, S]]`,
    );
    expect(() => ctcLoss(x, ones([2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: ctcLoss: got targets of float32; expected int32. Cast with x.cast("int32")]`,
    );
    expect(() => ctcLoss(x, targets, { blank: 4 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ctcLoss: got the blank 4; expected a class, 0 to 3]`,
    );
    expect(() => ctcLoss(x, targets, { inputLengths: indices([5]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ctcLoss: got [1]; expected inputLengths [2]]`,
    );
    expect(() => ctcLoss(x, targets, { inputLengths: indices([5, 6]) })).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: ctcLoss: got 6 in inputLengths; expected 1 to 5]`,
    );
    expect(() => ctcLoss(x, targets, { targetLengths: ones([2]) })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: ctcLoss: got targetLengths of float32; expected int32. Cast with x.cast("int32")]`,
    );
    expect(() => ctcLoss(x, targets.add(1)).itemSync()).toThrow("got the index 4");
  });
});
