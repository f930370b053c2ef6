import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { RAdam, type RAdamOptions } from "./index.js";

describe("RAdam", () => {
  it("uses only the mean gradient until it has five squares", () => {
    const parameter = new Parameter(tensor(0, { dtype: "float64" }));
    const optimizer = new RAdam([parameter], { learningRate: 1 });
    const steps = Array.from({ length: 6 }, () => {
      const before = parameter.itemSync();
      parameter.grad = tensor(-100, { dtype: "float64" });
      optimizer.step();
      return parameter.itemSync() - before;
    });
    for (const size of steps.slice(0, 5)) expect(size).toBeCloseTo(100, 10);
    expect(steps[5]).toBeLessThan(1);
  });

  it("checks its options", () => {
    const make = (options: RAdamOptions) => () => new RAdam([new Parameter(tensor([1]))], options);
    expect(make({ betas: [0.9, -0.1] })).toThrow("RAdam: got betas [0.9, -0.1]");
    expect(make({ weightDecay: NaN })).toThrow("RAdam: got weightDecay NaN");
  });
});
