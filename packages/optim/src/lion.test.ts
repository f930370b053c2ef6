import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Lion, type LionOptions } from "./index.js";

describe("Lion", () => {
  it("moves by the learning rate whatever the gradient's size, and not at all without one", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (size) => {
        const parameter = new Parameter(tensor([0, 0, 0], { dtype: "float64" }));
        parameter.grad = tensor([size, -size, 0], { dtype: "float64" });
        new Lion([parameter], { learningRate: 0.25 }).step();
        expect(parameter.toArraySync()).toEqual([-0.25, 0.25, 0]);
      }),
    );
  });

  it("uses the first beta for the step, and the second for the moment", () => {
    const parameter = new Parameter(tensor(0, { dtype: "float64" }));
    const optimizer = new Lion([parameter], { learningRate: 1, betas: [0.5, 0.75] });
    parameter.grad = tensor(8, { dtype: "float64" });
    optimizer.step();
    expect(optimizer.stateDict().get("groups.0.parameters.0.firstMoment")!.itemSync()).toBe(2);
    // 0.5 · 2 + 0.5 · (−1) is still above 0, 0.5 · 1.25 + 0.5 · (−2) is not.
    for (const [gradient, value] of [
      [-1, -2],
      [-2, -1],
    ]) {
      parameter.grad = tensor(gradient, { dtype: "float64" });
      optimizer.step();
      expect(parameter.itemSync()).toBe(value);
    }
  });

  it("checks its options", () => {
    const make = (options: LionOptions) => () => new Lion([new Parameter(tensor([1]))], options);
    expect(make({ betas: [0.9, 1] })).toThrow("Lion: got betas [0.9, 1]");
    expect(make({ weightDecay: -1 })).toThrow("Lion: got weightDecay -1");
  });
});
