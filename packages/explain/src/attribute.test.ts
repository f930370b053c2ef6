import { Generator, normal, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { attributeThroughLayers, gradientTimesInput, integratedGradients, type Stage } from "./attribute.js";

const generator = new Generator(5);
const draw = (...shape: number[]) => normal(shape, { generator, dtype: "float64" });
const sharesOf = (shares: Tensor) => [...shares.dataSync()];
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const [w1, w2] = [draw(4, 8), draw(8, 3)];
const stages: Stage[] = [
  { name: "hidden", forward: (x) => x.matmul(w1).tanh() },
  { name: "output", forward: (x) => x.matmul(w2) },
];
const loss = (logits: Tensor) => logits.logSoftmax().narrow(1, 0, 1).neg().sum();

describe("integratedGradients", () => {
  it("divides a linear function into its terms", async () => {
    const w = tensor([2, -3, 0], { dtype: "float64" });
    const { shares, value, baselineValue } = await integratedGradients(
      (x) => x.mul(w).sum().add(1),
      tensor([1, 2, 5], { dtype: "float64" }),
    );
    expect(sharesOf(shares)).toEqual([2, -6, 0]);
    expect([value, baselineValue]).toEqual([-3, 1]);
  });

  it("adds up to within 0.1 % for a network, from any baseline", async () => {
    const f = (x: Tensor) => loss(stages.reduce((y, stage) => stage.forward(y), x));
    const x = draw(2, 4);
    for (const baseline of [undefined, draw(2, 4)]) {
      const { shares, value, baselineValue, unexplained } = await integratedGradients(
        f,
        x,
        baseline && { baseline },
      );
      const moved = sum(sharesOf(shares).map(Math.abs));
      expect(Math.abs(value - baselineValue - sum(sharesOf(shares)))).toBeLessThanOrEqual(0.001 * moved);
      expect(unexplained).toBeCloseTo(value - baselineValue - sum(sharesOf(shares)), 12);
    }
  });

  it("rejects a baseline of another shape", async () => {
    await expect(
      integratedGradients((x) => x.sum(), draw(2, 4), { baseline: draw(4) }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: integratedGradients: the baseline has the shape [4]; the input has [2, 4]]`,
    );
  });
});

describe("gradientTimesInput", () => {
  it("is exact for a linear function, and reports its error for another", async () => {
    const x = tensor([1, 2], { dtype: "float64" });
    expect((await gradientTimesInput((v) => v.sum(), x)).unexplained).toBe(0);
    const square = await gradientTimesInput((v) => v.square().sum(), x);
    expect(sharesOf(square.shares)).toEqual([2, 8]);
    expect(square.unexplained).toBe(-5);
  });
});

describe("attributeThroughLayers", () => {
  it("adds up to the same difference of the loss at every stage", async () => {
    const rows = await attributeThroughLayers(stages, draw(1, 4), loss);
    expect([...rows.keys()]).toEqual(["input", "hidden", "output"]);
    const [first] = rows.values();
    for (const { shares, value, baselineValue } of rows.values()) {
      expect(value).toBeCloseTo(first.value, 12);
      expect(baselineValue).toBeCloseTo(first.baselineValue, 12);
      const moved = sum(sharesOf(shares).map(Math.abs));
      expect(Math.abs(sum(sharesOf(shares)) - (value - baselineValue))).toBeLessThanOrEqual(0.001 * moved);
    }
    expect(rows.get("hidden")?.shares.shape).toEqual([1, 8]);
  });

  it("takes one gradient per stage with the method gradient × activation", async () => {
    const rows = await attributeThroughLayers(stages, draw(1, 4), loss, { method: "gradient × activation" });
    expect([...rows.values()].map(({ gradients }) => gradients)).toEqual([1, 1, 1]);
  });
});
