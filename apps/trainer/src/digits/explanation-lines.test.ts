import { StepExplanation, type ParameterCredit } from "@stargrad/explain";
import { describe, expect, it } from "vitest";

import { explanationLines } from "./explanation-lines.js";

function credit(name: string, promise: number, paid: number): ParameterCredit {
  const one = (value: number) => Float64Array.of(value);
  const rest = { promise: 0, paid: 0 };
  const positions = Int32Array.of(0);
  return {
    name,
    shape: [1],
    positions,
    blame: one(1),
    change: one(1),
    promise: one(promise),
    paid: one(paid),
    rest,
  };
}

describe("explanationLines", () => {
  it("prints numbers that readers can add up, by layer", () => {
    const explanation = new StepExplanation(
      [credit("0.weight", 0.04, 0.02), credit("0.bias", 0.002, 0.001), credit("2.weight", 0.01, -0.005)],
      { lossBefore: 0.5123, lossAfter: 0.49631, gradients: 6 },
    );
    expect(explanationLines({ event: "explanation", epoch: 1, step: 20, steps: 938, explanation })).toEqual([
      "step  20  loss 0.5123 → 0.4963  promise  0.0520  paid  0.0160  unexplained 0.04 %",
      "          layer 0               promise  0.0420  paid  0.0210",
      "          layer 2               promise  0.0100  paid −0.0050",
    ]);
  });
});
