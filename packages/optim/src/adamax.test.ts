import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Adamax, type AdamaxOptions } from "./index.js";

describe("Adamax", () => {
  it("divides by the decaying maximum of the gradients", () => {
    const parameter = new Parameter(tensor(0, { dtype: "float64" }));
    const optimizer = new Adamax([parameter], { betas: [0, 0.5], epsilon: 0, learningRate: 1 });
    const sizes = [-8, -1, -1, -1, -1].map((gradient) => {
      const before = parameter.itemSync();
      parameter.grad = tensor(gradient, { dtype: "float64" });
      optimizer.step();
      return parameter.itemSync() - before;
    });
    expect(sizes).toEqual([1, 1 / 4, 1 / 2, 1, 1]);
  });

  it("checks its options", () => {
    const make = (options: AdamaxOptions) => () => new Adamax([new Parameter(tensor([1]))], options);
    expect(make({ betas: [0.9, 1] })).toThrow("Adamax: got betas [0.9, 1]");
    expect(make({ epsilon: -1 })).toThrow("Adamax: got epsilon -1");
  });
});
