import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Adagrad, type AdagradOptions } from "./index.js";

describe("Adagrad", () => {
  it("takes steps of 1/√t for a constant gradient", () => {
    const parameter = new Parameter(tensor(0, { dtype: "float64" }));
    const optimizer = new Adagrad([parameter], { learningRate: 1, epsilon: 0 });
    let sum = 0;
    for (let step = 1; step <= 20; step++) {
      parameter.grad = tensor(-3, { dtype: "float64" });
      optimizer.step();
      sum += 1 / Math.sqrt(step);
      expect(parameter.itemSync()).toBeCloseTo(sum, 10);
    }
  });

  it("checks its options", () => {
    const make = (options: AdagradOptions) => () => new Adagrad([new Parameter(tensor([1]))], options);
    expect(make({ learningRateDecay: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Adagrad: got learningRateDecay -1; expected a finite number of at least 0]`,
    );
    expect(make({ initialAccumulatorValue: -1 })).toThrow("Adagrad: got initialAccumulatorValue -1");
    expect(make({ epsilon: -1 })).toThrow("Adagrad: got epsilon -1");
    expect(make({ weightDecay: -1 })).toThrow("Adagrad: got weightDecay -1");
  });
});
