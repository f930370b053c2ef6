import { describe, expect, it } from "vitest";

import type { Data } from "./data.js";
import { decodeData, encodeData } from "./data.js";
import { drawnDigits } from "./drawn-digits.js";
import { exportOf } from "./export.js";
import { columns, explainEvery, type StepNumbers } from "./records.js";
import { DashboardRun } from "./run.js";
import { samples } from "./samples.js";
import { usualRun, type RunSettings } from "./settings.js";
import { splitOf } from "./split.js";
import { restOf } from "./words.js";

const digits = drawnDigits({ samples: 200, seed: 3 });
const quick: RunSettings = { ...usualRun, units: 12, batchSize: 16, epochs: 2, learningRate: 0.01 };

function runOf(data: Data, settings = quick): DashboardRun {
  return new DashboardRun(data, splitOf(data, settings), settings);
}

async function finish(run: DashboardRun): Promise<DashboardRun> {
  while (run.end === null) await run.step();
  return run;
}

/** All that is recorded of a run, but for its speed. */
function recordOf({ steps, epochs, credits, end, model }: DashboardRun): unknown {
  const timeless = steps.map((step: StepNumbers) => ({ ...step, speed: 0 }));
  const weights = model.parameters().map((parameter) => Array.from(parameter.dataSync()));
  return { timeless, epochs, credits, end, weights };
}

describe("a run of the dashboard", () => {
  it("learns, and records every step and every epoch", async () => {
    const run = await finish(runOf(digits, { ...quick, epochs: 6 }));
    expect(run.end).toEqual({ kind: "done" });
    expect(run.steps).toHaveLength(6 * run.stepsPerEpoch);
    expect(run.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const { right, of, confusion } = run.epochs.at(-1)!;
    expect(right / of).toBeGreaterThan(0.5);
    expect(confusion.reduce((sum, count) => sum + count, 0)).toBe(of);
    for (const { gradientNorm, updateRatio, silent } of run.steps) {
      expect(gradientNorm).toBeGreaterThan(0);
      expect(updateRatio).toBeGreaterThan(0);
      expect(silent).toBeLessThanOrEqual(12);
    }
    expect(run.steps.at(-1)!.rate).toBeLessThan(run.steps[0].rate / 10);
  });

  it.each(["linear", "mlp", "cnn"] as const)(
    "explains some steps of a %s model, and what is paid adds up",
    async (model) => {
      const run = await finish(runOf(digits, { ...quick, model, epochs: 3 }));
      const every = Array.from(
        { length: Math.floor(run.steps.length / explainEvery) },
        (_, i) => (i + 1) * explainEvery,
      );
      expect(run.credits.map(({ step }) => step)).toEqual([1, ...every]);
      for (const credit of run.credits) {
        const { lossBefore, lossAfter, paid, unexplained, moved, layers } = credit;
        expect(layers).toHaveLength(run.layerNames.length);
        expect(layers.reduce((sum, layer) => sum + layer.paid, 0)).toBeCloseTo(paid, 9);
        expect(lossBefore - lossAfter - paid).toBeCloseTo(unexplained, 9);
        expect(Math.abs(unexplained) / moved < 0.001 || restOf(credit) === "only rounding").toBe(true);
        expect(run.steps[credit.step - 1].loss).toBe(lossBefore);
      }
    },
  );

  it("goes on from its checkpoint after any step, with the same bits", async () => {
    const whole = recordOf(await finish(runOf(digits)));
    for (const stop of [1, 5, 10, 13]) {
      const first = runOf(digits);
      while (first.steps.length < stop) await first.step();
      const second = runOf(digits);
      await second.restore(await first.save("digits"));
      expect(recordOf(await finish(second)), `stopped after step ${stop}`).toEqual(whole);
    }
  });

  it("repeats an epoch with the same bits, and forks from its end", async () => {
    const run = await finish(runOf(digits));
    const weights = run.model.parameters().reduce((sum, { size }) => sum + size, 0);
    expect(await run.replay(1)).toEqual({ weights, different: 0 });
    expect(await run.replay(2)).toEqual({ weights, different: 0 });
    await expect(run.replay(3)).rejects.toThrow("has no record of epoch 3");

    const fork = await run.from(1, { ...quick, learningRate: 0.001, epochs: 3 });
    expect(fork.steps).toEqual(run.steps.slice(0, run.stepsPerEpoch));
    await finish(fork);
    expect(fork.steps).toHaveLength(3 * run.stepsPerEpoch);
    expect(fork.steps.at(-1)!.loss).not.toBe(run.steps.at(-1)!.loss);
  });

  it("that is too fast ends with a sentence", async () => {
    const values = Float32Array.from({ length: 400 }, (_, i) => 1e18 * Math.sin(i));
    const wild: Data = { ...digits, what: "picture", shape: [1, 2, 2], values, labels: Int32Array.from({ length: 100 }, (_, i) => i % 2), classes: ["a", "b"] }; // prettier-ignore
    const run = await finish(runOf(wild, { ...quick, model: "mlp", learningRate: 10, epochs: 200 }));
    expect(run.end).toMatchObject({ kind: "failed" });
    expect(JSON.stringify(run.end)).toContain("learning rate");
  });

  it("tells which held-out examples are in a cell of the confusion matrix", async () => {
    const run = await finish(runOf(digits));
    const { confusion } = run.epochs.at(-1)!;
    for (let is = 0; is < 10; is++) {
      for (let says = 0; says < 10; says++) {
        const indices = run.examplesOf(is, says);
        expect(indices).toHaveLength(confusion[10 * is + says]);
        for (const index of indices) {
          expect(digits.labels[index]).toBe(is);
          expect(run.split.heldOut).toContain(index);
        }
      }
    }
  });

  it("is exported as a table and as JSON", async () => {
    const run = await finish(runOf(digits));
    const [heads, ...rows] = exportOf(run, "csv").trim().split("\n");
    expect(heads).toBe(["step", ...columns].join(","));
    expect(rows).toHaveLength(run.steps.length);
    expect(rows[4].split(",").slice(0, 2)).toEqual(["5", String(run.steps[4].loss)]);
    const { settings, steps, epochs, credits } = JSON.parse(exportOf(run, "json")) as Record<string, unknown>;
    expect({ settings, steps, epochs, credits }).toEqual(
      JSON.parse(
        JSON.stringify({ settings: quick, steps: run.steps, epochs: run.epochs, credits: run.credits }),
      ),
    );
  });
});

describe("the samples", () => {
  it.each(Object.entries(samples))("%s are the same every time, and survive being kept", (_, make) => {
    const data = make();
    const bytes = encodeData(data);
    expect(Buffer.compare(encodeData(make()), bytes)).toBe(0);
    expect(Buffer.compare(encodeData(decodeData(bytes)), bytes)).toBe(0);
    expect(new Set(data.labels).size).toBe(data.classes.length);
  });
});
