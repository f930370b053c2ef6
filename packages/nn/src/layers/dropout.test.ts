import { backward, Parameter } from "@stargrad/autograd";
import { Generator, ones, tensor, zeros } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Dropout, Dropout2d } from "../index.js";

it.each([new Dropout(0.5), new Dropout2d(0.5)])("refuses an assignment to PyTorch's p", (layer) => {
  expect(() => Object.assign(layer, { p: 0.1 })).toThrow(
    "got an assignment to p, which would have no effect",
  );
});

describe("Dropout", () => {
  it("drops with its probability and keeps the mean, for any probability", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.95, noNaN: true }), fc.nat(), (probability, seed) => {
        const size = 4000;
        const y = new Dropout(probability, { generator: new Generator(seed) }).forward(ones([size]));
        const kept = [...y.dataSync()].filter((value) => value !== 0);
        const scale = Math.fround(1 / (1 - probability));
        expect(kept.filter((value) => Math.abs(value - scale) >= 0.5e-4)).toEqual([]);
        // Five standard deviations: one run in 1.7 million is outside.
        const deviation = Math.sqrt(size * probability * (1 - probability));
        expect(Math.abs(kept.length - size * (1 - probability))).toBeLessThan(5 * deviation);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it("draws a new mask every time, and the same ones again from the generator's state", () => {
    const generator = new Generator(2);
    const dropout = new Dropout(0.5, { generator });
    const start = generator.state();
    const masks = [dropout.forward(ones([64])).dataSync(), dropout.forward(ones([64])).dataSync()];
    expect(masks[0]).not.toEqual(masks[1]);
    generator.restore(start);
    expect([dropout.forward(ones([64])).dataSync(), dropout.forward(ones([64])).dataSync()]).toEqual(masks);
  });

  it("drops the gradients of dropped elements", () => {
    const x = new Parameter(ones([32]));
    const y = new Dropout(0.5, { generator: new Generator(7) }).forward(x);
    backward(y.sum());
    expect(x.grad?.dataSync()).toEqual(y.dataSync());
  });

  it("does nothing in evaluation mode, or for the probability 0", () => {
    const x = ones([3]);
    expect(new Dropout(0.9).eval().forward(x)).toBe(x);
    expect(new Dropout(0).forward(x)).toBe(x);
  });

  it("gives zeros for the probability 1, but does not hide a NaN", () => {
    expect(new Dropout(1).forward(tensor([1, -2, 3])).dataSync()).toEqual(Float32Array.of(0, -0, 0));
    expect(new Dropout(1).forward(tensor([NaN])).itemSync()).toBeNaN();
  });

  it("works in float64 and for empty inputs", () => {
    const x = ones([16], { dtype: "float64" });
    const y = new Dropout(0.2, { generator: new Generator(0) }).forward(x);
    expect(y.dtype).toBe("float64");
    expect(new Set(y.dataSync())).toEqual(new Set([0, 1.25]));
    expect(new Dropout().forward(zeros([0, 2])).shape).toEqual([0, 2]);
  });

  it("checks its probability and its input", () => {
    expect(() => new Dropout(1.5)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Dropout: got probability 1.5; expected a number from 0 to 1]`,
    );
    expect(() => new Dropout(NaN)).toThrow("got probability NaN");
    expect(() => new Dropout().forward(zeros([2], { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: Dropout(0.5): got int32; expected float32 or float64. Cast with x.cast("float32")]`,
    );
  });
});
