import { backward, Parameter } from "@stargrad/autograd";
import { Generator, ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Dropout2d } from "../index.js";

describe("Dropout2d", () => {
  it("drops whole channels with its probability, and scales the others", () => {
    const y = new Dropout2d(0.3, { generator: new Generator(1) }).forward(ones([40, 50, 2, 3]));
    const sums = [...y.sum({ axis: [2, 3] }).dataSync()];
    const kept = sums.filter((sum) => sum !== 0);
    for (const sum of kept) expect(sum).toBeCloseTo(6 / 0.7, 4);
    // Five standard deviations: one run in 1.7 million is outside.
    expect(Math.abs(kept.length - 1400)).toBeLessThan(5 * Math.sqrt(2000 * 0.3 * 0.7));
  });

  it("draws the same masks again from the generator's state", () => {
    const generator = new Generator(2);
    const dropout = new Dropout2d(0.5, { generator });
    const start = generator.state();
    const masks = [1, 2].map(() => dropout.forward(ones([8, 8, 1, 1])).dataSync());
    expect(masks[0]).not.toEqual(masks[1]);
    generator.restore(start);
    expect([1, 2].map(() => dropout.forward(ones([8, 8, 1, 1])).dataSync())).toEqual(masks);
  });

  it("drops the gradients of dropped elements", () => {
    const x = new Parameter(ones([4, 4, 2, 2]));
    const y = new Dropout2d(0.5, { generator: new Generator(7) }).forward(x);
    backward(y.sum());
    expect(x.grad?.dataSync()).toEqual(y.dataSync());
  });

  it("does nothing in evaluation mode, for the probability 0, and for empty inputs", () => {
    const x = ones([1, 2, 3, 3]);
    expect(new Dropout2d(0.9).eval().forward(x)).toBe(x);
    expect(new Dropout2d(0).forward(x)).toBe(x);
    expect(new Dropout2d().forward(zeros([0, 2, 3, 3])).shape).toEqual([0, 2, 3, 3]);
  });

  it("gives zeros for the probability 1, but does not hide a NaN", () => {
    expect(new Dropout2d(1).forward(tensor([[[[1, NaN]]]])).toArraySync()).toEqual([[[[0, NaN]]]]);
  });

  it("checks its probability and its input", () => {
    expect(() => new Dropout2d(-0.1)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Dropout2d: got probability -0.1; expected a number from 0 to 1]`,
    );
    expect(() => new Dropout2d().forward(zeros([2, 3, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Dropout2d(0.5): got [2, 3, 3]; expected [N, C, H, W]]`,
    );
    expect(() =>
      new Dropout2d(0.2).forward(zeros([1, 2, 3, 3], { dtype: "int32" })),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: Dropout2d(0.2): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });
});
