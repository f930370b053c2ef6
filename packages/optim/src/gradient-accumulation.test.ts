import { backward, Parameter } from "@stargrad/autograd";
import { Generator, normal, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { clipGradNorm, NAdam } from "./index.js";

describe("gradient accumulation", () => {
  /** Ten steps on twelve rows, which arrive in this many parts. */
  function train(parts: number) {
    const generator = new Generator(1);
    const options = { generator, dtype: "float64" } as const;
    const [x, y] = [normal([12, 3], options), normal([12, 2], options)];
    const weight = new Parameter(normal([3, 2], options));
    const optimizer = new NAdam([weight], { learningRate: 0.1, weightDecay: 0.1 });
    const norms: Tensor[] = [];
    const rows = 12 / parts;
    for (let step = 0; step < 10; step++) {
      optimizer.zeroGrad();
      for (let part = 0; part < parts; part++) {
        const [xs, ys] = [x.narrow(0, part * rows, rows), y.narrow(0, part * rows, rows)];
        // Each part weighs as much as it has of the rows, so that the sum is the mean over all of them.
        backward(xs.matmul(weight).sub(ys).square().mean().div(parts));
      }
      norms.push(clipGradNorm([weight], 1.5));
      optimizer.step();
    }
    return { weight: weight.dataSync(), norms: norms.map((norm) => norm.itemSync()) };
  }

  it.each([2, 3, 12])("over %i parts of a batch is the step of the whole", (parts) => {
    const [whole, accumulated] = [train(1), train(parts)];
    for (const [i, value] of whole.weight.entries()) expect(accumulated.weight[i]).toBeCloseTo(value, 12);
    for (const [i, norm] of whole.norms.entries()) expect(accumulated.norms[i]).toBeCloseTo(norm, 12);
    // Some steps were clipped, and some were not.
    expect(whole.norms.map((norm) => norm > 1.5)).toEqual(expect.arrayContaining([true, false]));
  });
});
