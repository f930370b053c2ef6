import { Parameter } from "@stargrad/autograd";
import { tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Lamb, type LambOptions } from "./index.js";

/** How far one step moves a parameter. */
function move(start: number[], gradient: number[], options: LambOptions = {}): number[] {
  const parameter = new Parameter(tensor(Float64Array.from(start)));
  parameter.grad = tensor(Float64Array.from(gradient));
  const before: Tensor = parameter.detach().add(0);
  before.dataSync();
  new Lamb([parameter], { learningRate: 0.1, epsilon: 0, weightDecay: 0, ...options }).step();
  return [...parameter.sub(before).dataSync()];
}

const length = (x: readonly number[]) => Math.hypot(...x);

describe("Lamb", () => {
  it("changes a parameter by the same share of its size, whatever the gradient's size and its own", () => {
    for (const size of [1e-3, 1, 1e3]) {
      for (const steepness of [1e-3, 1, 1e3]) {
        const start = [3 * size, -4 * size, 0];
        const moved = move(start, [steepness, 2 * steepness, -steepness]);
        expect(length(moved)).toBeCloseTo(0.1 * length(start), 10 - Math.log10(size));
      }
    }
  });

  it("takes Adam's step where the parameter is 0, because there is no size to go by", () => {
    expect(move([0, 0], [5, -0.2])).toEqual([-0.1, 0.1]);
  });

  it("stays where it is when there is no gradient and no decay", () => {
    expect(move([3, 4], [0, 0], { epsilon: 1e-6 })).toEqual([0, 0]);
  });

  it("counts the decay as part of the direction: alone it shrinks by the learning rate, however small it is", () => {
    for (const weightDecay of [0.01, 100]) {
      const [x, y] = move([3, 4], [0, 0], { epsilon: 1e-6, weightDecay });
      expect(x).toBeCloseTo(-0.3, 12);
      expect(y).toBeCloseTo(-0.4, 12);
    }
  });

  it("checks its options", () => {
    const make = (options: LambOptions) => () => new Lamb([new Parameter(tensor(0))], options);
    expect(make({ epsilon: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Lamb: got epsilon -1; expected a finite number of at least 0]`,
    );
    expect(make({ betas: [0.9, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Lamb: got betas [0.9, 1]; expected two numbers of at least 0 and below 1]`,
    );
  });
});
