import { describe, expect, it } from "vitest";
import { StepExplanation } from "./credit.js";
import { describeStep, describeWeight } from "./words.js";

const blame = Float64Array.of(0.5, -0.25, 0.1, 0);
const change = Float64Array.of(-0.0082, 0.01, 0.02, 0);
const step = new StepExplanation(
  [
    {
      name: "2.weight",
      shape: [2, 2],
      positions: Int32Array.of(0, 1, 2, 3),
      blame,
      change,
      promise: blame.map((g, i) => -g * change[i]),
      paid: Float64Array.of(0.0038, 0.002, -0.003, 0),
      rest: { promise: 0, paid: 0 },
    },
  ],
  { lossBefore: 0.149, lossAfter: 0.14615, gradients: 6 },
);

describe("words", () => {
  it("describes the step of a weight for three readers", () => {
    expect(describeWeight(step.weight("2.weight", [0, 0]), "kid")).toMatchInlineSnapshot(
      `"layer 2, weight [0, 0]: we turned down this knob by 0.0082. It promised 0.0041 and paid 0.0038."`,
    );
    expect(describeWeight(step.weight("2.weight", [0, 0]))).toMatchInlineSnapshot(
      `"layer 2, weight [0, 0]: turned down by 0.0082; promised 0.0041, paid 0.0038"`,
    );
    expect(describeWeight(step.weight("2.weight", [0, 0]), "maths")).toMatchInlineSnapshot(
      `"layer 2, weight [0, 0]: g = 0.5, Δw = −0.0082, −g·Δw = 0.0041, −∫g dw = 0.0038"`,
    );
  });

  it("describes a step that increased the loss, and a weight that did not change", () => {
    expect(describeWeight(step.weight("2.weight", [1, 0]), "kid")).toMatchInlineSnapshot(
      `"layer 2, weight [1, 0]: we turned up this knob by 0.02. It promised −0.002 but made things worse by 0.003."`,
    );
    expect(describeWeight(step.weight("2.weight", [1, 1]), "kid")).toMatchInlineSnapshot(
      `"layer 2, weight [1, 1]: nobody touched this knob."`,
    );
  });

  it("describes a step for three readers", () => {
    expect(describeStep(step, "kid")).toMatchInlineSnapshot(
      `"The mistake went from 0.149 down to 0.1462. The turns had promised 0.0046 and paid 0.0028."`,
    );
    expect(describeStep(step)).toMatchInlineSnapshot(
      `"loss 0.149 → 0.1462: promised 0.0046, paid 0.0028, unexplained 0.00005"`,
    );
    expect(describeStep(step, "maths")).toMatchInlineSnapshot(
      `"L: 0.149 → 0.1462; −g·Δw = 0.0046; −∫g·dw = 0.0028; rest 0.00005 (6 gradients)"`,
    );
  });

  it("writes a very small negative number with one kind of minus", () => {
    const tiny = new StepExplanation([...step.parameters.values()], {
      lossBefore: 0.149,
      lossAfter: 0.149 - step.paid + 7.7e-8,
      gradients: 6,
    });
    expect(describeStep(tiny)).toMatchInlineSnapshot(
      `"loss 0.149 → 0.1462: promised 0.0046, paid 0.0028, unexplained −7.7e−8"`,
    );
  });
});
