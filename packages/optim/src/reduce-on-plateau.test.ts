import { readFileSync } from "node:fs";

import { Parameter } from "@stargrad/autograd";
import { tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it, vi } from "vitest";

import { ReduceOnPlateau, SGD, type ReduceOnPlateauOptions } from "./index.js";

// What golden/schedules.py wrote with PyTorch: the learning rate, from 1, after each figure.
const { figures, plateaus } = JSON.parse(
  readFileSync(new URL("../golden/schedules.json", import.meta.url), "utf8"),
) as {
  figures: number[];
  plateaus: { negate: boolean; options: ReduceOnPlateauOptions; rates: number[] }[];
};

function optimizer(learningRate: number): SGD {
  return new SGD([new Parameter(zeros([1]))], { learningRate });
}

describe("ReduceOnPlateau", () => {
  it.each(plateaus)("has PyTorch's numbers with $options", ({ negate, options, rates }) => {
    const sgd = optimizer(1);
    const plateau = new ReduceOnPlateau(sgd, options);
    for (const [i, figure] of figures.entries()) {
      plateau.step(negate ? 10 - figure : figure);
      expect(sgd.groups[0].learningRate, `figure ${i}`).toBeCloseTo(rates[i], 12);
    }
  });

  it("resumes from its state without a difference", () => {
    const options = { factor: 0.5, patience: 2, cooldown: 3 };
    const whole = optimizer(1);
    const uninterrupted = new ReduceOnPlateau(whole, options);
    for (const figure of figures) uninterrupted.step(figure);
    for (const stop of [1, 44, 46, 60]) {
      const first = optimizer(1);
      const stopped = new ReduceOnPlateau(first, options);
      for (const figure of figures.slice(0, stop)) stopped.step(figure);
      const second = optimizer(1);
      const resumed = new ReduceOnPlateau(second, options);
      second.loadStateDict(first.stateDict());
      resumed.loadStateDict(stopped.stateDict());
      for (const figure of figures.slice(stop)) resumed.step(figure);
      expect(second.groups[0].learningRate).toBe(whole.groups[0].learningRate);
    }
  });

  it("requires improvement of negative values too, and counts NaN as a failure", () => {
    const sgd = optimizer(1);
    const plateau = new ReduceOnPlateau(sgd, { patience: 0, factor: 0.5 });
    plateau.step(-2);
    expect(sgd.groups[0].learningRate).toBe(1);
    plateau.step(-2);
    expect(sgd.groups[0].learningRate).toBe(0.5);
    plateau.step(-3);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    plateau.step(NaN);
    expect(sgd.groups[0].learningRate).toBe(0.25);
    plateau.step(NaN);
    expect(warn.mock.calls).toEqual([
      ["ReduceOnPlateau.step: the metric is NaN, which counts as no improvement."],
    ]);
    warn.mockRestore();
  });

  it("refuses what is no number, and changes nothing", () => {
    const sgd = optimizer(1);
    const plateau = new ReduceOnPlateau(sgd, { patience: 0 });
    const step = (figure: unknown) => () => {
      plateau.step(figure as number);
    };
    expect(step(Promise.resolve(1))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ReduceOnPlateau.step: got a promise; expected a number. A forgotten await?]`,
    );
    expect(step(tensor(1))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ReduceOnPlateau.step: got a tensor; expected a number. Read a tensor with await x.item()]`,
    );
    expect(step(undefined)).toThrow("got undefined; expected a number");
    expect(sgd.groups[0].learningRate).toBe(1);
  });

  it("checks its options and its state", () => {
    const make = (options: ReduceOnPlateauOptions) => () => new ReduceOnPlateau(optimizer(1), options);
    expect(make({ factor: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ReduceOnPlateau: got factor 1; expected a number of at least 0 and below 1]`,
    );
    expect(make({ patience: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ReduceOnPlateau: got patience -1; expected a whole number from 0 to 2147483647]`,
    );
    expect(make({ cooldown: 0.5 })).toThrow("got cooldown 0.5; expected a whole number");
    const plateau = make({})();
    const state = plateau.stateDict();
    state.delete("best");
    state.set("failures", tensor(1));
    expect(() => {
      plateau.loadStateDict(state);
    }).toThrowErrorMatchingInlineSnapshot(`
      [ArgumentError: loadStateDict: the state does not fit ReduceOnPlateau, and nothing was loaded
        missing: best
        failures: got float32 []; expected int32 []]
    `);
  });
});
