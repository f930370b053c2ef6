import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Adam, AdamW, type AdamOptions } from "./index.js";

describe("Adam", () => {
  it("takes a first step of the learning rate's size, whatever the gradient's", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.boolean(),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (size, negative, beta) => {
          const parameter = new Parameter(tensor(0, { dtype: "float64" }));
          parameter.grad = tensor(negative ? -size : size, { dtype: "float64" });
          new Adam([parameter], { learningRate: 0.25, betas: [beta, beta], epsilon: 0 }).step();
          expect(parameter.itemSync()).toBeCloseTo(negative ? 0.25 : -0.25, 10);
        },
      ),
    );
  });

  it("checks its options, and reports its name", () => {
    const make = (options: AdamOptions) => () => new Adam([new Parameter(tensor([1]))], options);
    expect(make({ betas: [0.9, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Adam: got betas [0.9, 1]; expected two numbers of at least 0 and below 1]`,
    );
    expect(make({ betas: [-0.1, 0.9] })).toThrow("got betas [-0.1, 0.9]");
    expect(make({ epsilon: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Adam: got epsilon -1; expected a finite number of at least 0]`,
    );
    expect(() => new AdamW([new Parameter(tensor([1]))], { weightDecay: -1 })).toThrow(
      "AdamW: got weightDecay -1",
    );
  });
});
