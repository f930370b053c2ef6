import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Adadelta, type AdadeltaOptions } from "./index.js";

describe("Adadelta", () => {
  it("takes a first step of √(ε / ((1 − ρ) g² + ε)) gradients", () => {
    const parameter = new Parameter(tensor(0, { dtype: "float64" }));
    parameter.grad = tensor(-4, { dtype: "float64" });
    new Adadelta([parameter], { rho: 0.75, epsilon: 0.5 }).step();
    expect(parameter.itemSync()).toBeCloseTo(4 * Math.sqrt(0.5 / (0.25 * 16 + 0.5)), 12);
  });

  it("checks its options", () => {
    const make = (options: AdadeltaOptions) => () => new Adadelta([new Parameter(tensor([1]))], options);
    expect(make({ rho: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Adadelta: got rho 1; expected a number of at least 0 and below 1]`,
    );
    expect(make({ epsilon: -1 })).toThrow("Adadelta: got epsilon -1");
    expect(make({ weightDecay: -1 })).toThrow("Adadelta: got weightDecay -1");
  });
});
