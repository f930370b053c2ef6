import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { RMSprop, type RMSpropOptions } from "./index.js";

function firstStep(options: RMSpropOptions): number {
  const parameter = new Parameter(tensor(0, { dtype: "float64" }));
  parameter.grad = tensor(-7, { dtype: "float64" });
  new RMSprop([parameter], { learningRate: 1, epsilon: 0, ...options }).step();
  return parameter.itemSync();
}

describe("RMSprop", () => {
  it("takes a first step of 1/√(1 − α), centered of 1/√(α (1 − α)), whatever the gradient's size", () => {
    expect(firstStep({ alpha: 0.75 })).toBeCloseTo(2, 12);
    expect(firstStep({ alpha: 0.75, momentum: 0.9 })).toBeCloseTo(2, 12);
    expect(firstStep({ alpha: 0.75, centered: true })).toBeCloseTo(4 / Math.sqrt(3), 12);
  });

  it("keeps what its options need", () => {
    const kept = (options: RMSpropOptions) => {
      const parameter = new Parameter(tensor([1]));
      parameter.grad = tensor([1]);
      const optimizer = new RMSprop([parameter], options);
      optimizer.step();
      const prefix = "groups.0.parameters.0.";
      const names = [...optimizer.stateDict().keys()].filter((name) => name.startsWith(prefix));
      return names.map((name) => name.slice(prefix.length));
    };
    expect(kept({})).toEqual(["step", "secondMoment"]);
    expect(kept({ momentum: 0.9 })).toEqual(["step", "secondMoment", "velocity"]);
    expect(kept({ centered: true })).toEqual(["step", "secondMoment", "firstMoment"]);
  });

  it("checks its options", () => {
    const make = (options: RMSpropOptions) => () => new RMSprop([new Parameter(tensor([1]))], options);
    expect(make({ alpha: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: RMSprop: got alpha 1; expected a number of at least 0 and below 1]`,
    );
    expect(make({ momentum: -1 })).toThrow("RMSprop: got momentum -1");
    expect(make({ epsilon: -1 })).toThrow("RMSprop: got epsilon -1");
    expect(make({ weightDecay: -1 })).toThrow("RMSprop: got weightDecay -1");
  });
});
