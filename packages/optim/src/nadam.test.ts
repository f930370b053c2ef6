import { Parameter } from "@stargrad/autograd";
import { tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { NAdam, type NAdamOptions } from "./index.js";

describe("NAdam", () => {
  it("takes a first step of (1 − μ₁) / (1 − μ₁) + μ₂ (1 − β₁) / (1 − μ₁ μ₂) learning rates", () => {
    const parameter = new Parameter(tensor(0, { dtype: "float64" }));
    parameter.grad = tensor(-7, { dtype: "float64" });
    new NAdam([parameter], { learningRate: 1, betas: [0.5, 0.9], epsilon: 0, momentumDecay: 1 }).step();
    const [first, second] = [0.5 * (1 - 0.5 * 0.96), 0.5 * (1 - 0.5 * 0.96 ** 2)];
    expect(parameter.itemSync()).toBeCloseTo(1 + (second * 0.5) / (1 - first * second), 12);
  });

  it("keeps the product of its momenta as one number for each parameter", () => {
    const parameter = new Parameter(zeros([3, 2]));
    const optimizer = new NAdam([parameter], { betas: [0.5, 0.9], momentumDecay: 0 });
    for (let step = 0; step < 3; step++) {
      parameter.grad = zeros([3, 2]);
      optimizer.step();
    }
    const product = optimizer.stateDict().get("groups.0.parameters.0.momentumProduct")!;
    expect(product.shape).toEqual([]);
    expect(product.itemSync()).toBe(0.25 ** 3);
  });

  it("checks its options", () => {
    const make = (options: NAdamOptions) => () => new NAdam([new Parameter(tensor([1]))], options);
    expect(make({ betas: [1, 0.9] })).toThrow("NAdam: got betas [1, 0.9]");
    expect(make({ momentumDecay: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: NAdam: got momentumDecay -1; expected a finite number of at least 0]`,
    );
    expect(make({ epsilon: -1 })).toThrow("NAdam: got epsilon -1");
  });
});
