import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Adam, AdamW } from "./index.js";

describe("AdamW", () => {
  it("decays by 1 − α λ whatever the gradient, where Adam lets the gradient drown the decay", () => {
    const move = (make: typeof Adam | typeof AdamW, gradient: number) => {
      const parameter = new Parameter(tensor(8, { dtype: "float64" }));
      parameter.grad = tensor(gradient, { dtype: "float64" });
      new make([parameter], { learningRate: 0.5, weightDecay: 0.25 }).step();
      return parameter.itemSync();
    };
    expect(move(AdamW, 0)).toBe(8 * (1 - 0.5 * 0.25));
    expect(move(AdamW, 1000)).toBeCloseTo(8 * (1 - 0.5 * 0.25) - 0.5, 8);
    expect(move(Adam, 0)).toBeCloseTo(8 - 0.5, 8);
    expect(move(Adam, 1000)).toBeCloseTo(8 - 0.5, 8);
  });

  it("decays by 0.01 by default", () => {
    expect(new AdamW([new Parameter(tensor([1]))]).groups[0].weightDecay).toBe(0.01);
    expect(new AdamW([new Parameter(tensor([1]))], { weightDecay: 0 }).groups[0].weightDecay).toBe(0);
  });
});
