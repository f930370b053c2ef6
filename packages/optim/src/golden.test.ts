import { readFileSync } from "node:fs";

import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { sampled } from "@stargrad/tensor/testing";
import { describe, expect, it } from "vitest";

import * as optim from "./index.js";

// Every case of the file that golden/make.py wrote in float64, with PyTorch or from the papers' equations: the parameters
// after some of 100 steps. The float64 run is the proof (the file holds 13 digits); the float32 run shows that every
// setting adapts to the parameter. Tolerances are relative, absolute below 1.
const runs = [
  { dtype: "float64", tolerance: 1e-12, every: 2 },
  { dtype: "float32", tolerance: 1e-5, every: 6 },
] as const;

interface Case {
  /** What is exported under this name. */
  optimizer: string;
  options: object;
  groups: { indices: number[]; options: object }[];
  /** By step and parameter; null is NaN. */
  values: (number | null)[][][];
}

interface Golden {
  /** The steps after which values are written. */
  steps: number[];
  shapes: number[][];
  start: number[][];
  /** By step and parameter. */
  gradients: (number[] | null)[][];
  cases: Case[];
}

const { steps, shapes, start, gradients, cases } = JSON.parse(
  readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8"),
) as Golden;

/** Every n-th case of each optimizer, beginning with its first; in the long suite, all cases. */
const casesOf = (every: number): Case[] =>
  [...new Set(cases.map(({ optimizer }) => optimizer))].flatMap((name) =>
    sampled(
      cases.filter(({ optimizer }) => optimizer === name),
      every,
    ),
  );

describe.each(runs)("golden numbers in $dtype", ({ dtype, tolerance, every }) => {
  const restore = (data: number[], p: number) => tensor(Float64Array.from(data), { shape: shapes[p], dtype });

  for (const golden of casesOf(every)) {
    const groups = golden.groups.map(({ options }) => JSON.stringify(options)).join(" ");
    it(`${cases.indexOf(golden)}. ${golden.optimizer} ${JSON.stringify(golden.options)} ${groups}`, () => {
      const parameters = start.map((data, p) => new Parameter(restore(data, p)));
      const source = golden.groups.map(({ indices, options }) => ({
        parameters: indices.map((index) => parameters[index]),
        ...options,
      }));
      // The file has options that fit.
      const Optimizer = optim[golden.optimizer as "SGD"];
      const optimizer = new Optimizer(source.length > 0 ? source : parameters, golden.options);

      for (const [before, gradientsOfStep] of gradients.entries()) {
        for (const [p, gradient] of gradientsOfStep.entries()) {
          parameters[p].grad = gradient === null ? null : restore(gradient, p);
        }
        // PyTorch ignores a step without any gradient; here it is an error.
        const optimized = optimizer.groups.flatMap((group) => [...group.parameters]);
        if (optimized.some(({ grad }) => grad !== null)) optimizer.step();
        const written = steps.indexOf(before + 1);
        if (written === -1) continue;
        const values = [...golden.values[written], start[2]];
        for (const [p, parameter] of parameters.entries()) {
          expect(parameter.dtype).toBe(dtype);
          expectClose(parameter.dataSync(), values[p], `step ${before + 1}, parameter ${p}`);
        }
      }
    });
  }

  function expectClose(actual: ArrayLike<number>, expected: readonly (number | null)[], place: string): void {
    expect(actual.length).toBe(expected.length);
    const wrong = expected.flatMap((value, i) => {
      const isRight =
        value === null
          ? Number.isNaN(actual[i])
          : Math.abs(actual[i] - value) / Math.max(1, Math.abs(value)) < tolerance;
      return isRight ? [] : [`element ${i}: ${actual[i]}, not ${value}`];
    });
    expect(wrong, place).toEqual([]);
  }
});
