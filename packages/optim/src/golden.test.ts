import { readFileSync } from "node:fs";

import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Adam, AdamW, SGD } from "./index.js";

// Every case of the file that golden/make.py wrote with PyTorch in float64: the parameters after each of ten steps. The
// float64 run is the proof (the file holds 13 digits); the float32 run shows that every setting adapts to the parameter.
// Tolerances are relative, absolute below 1.
const runs = [
  { dtype: "float64", tolerance: 1e-12 },
  { dtype: "float32", tolerance: 2e-5 },
] as const;

interface Golden {
  shape: number[];
  data: number[];
}

interface Case {
  optimizer: "SGD" | "Adam" | "AdamW";
  options: object;
  groups: { indices: number[]; options: object }[];
  /** By step and parameter; null is NaN. */
  values: (number | null)[][][];
}

const { start, gradients, cases } = JSON.parse(
  readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8"),
) as { start: Golden[]; gradients: (Golden | null)[][]; cases: Case[] };
const optimizers = { SGD, Adam, AdamW };

describe.each(runs)("PyTorch's numbers in $dtype", ({ dtype, tolerance }) => {
  const restore = ({ shape, data }: Golden) => tensor(Float64Array.from(data), { shape, dtype });

  for (const [i, golden] of cases.entries()) {
    const groups = golden.groups.map(({ options }) => JSON.stringify(options)).join(" ");
    it(`${i}. ${golden.optimizer} ${JSON.stringify(golden.options)} ${groups}`, () => {
      const parameters = start.map((value) => new Parameter(restore(value)));
      const source = golden.groups.map(({ indices, options }) => ({
        parameters: indices.map((index) => parameters[index]),
        ...options,
      }));
      const optimizer = new optimizers[golden.optimizer](
        source.length > 0 ? source : parameters,
        golden.options,
      );

      for (const [step, expected] of golden.values.entries()) {
        for (const [p, gradient] of gradients[step].entries()) {
          parameters[p].grad = gradient === null ? null : restore(gradient);
        }
        optimizer.step();
        const values = [...expected, start[2].data];
        for (const [p, parameter] of parameters.entries()) {
          expect(parameter.dtype).toBe(dtype);
          expectClose(parameter.dataSync(), values[p], `step ${step + 1}, parameter ${p}`);
        }
      }
    });
  }

  function expectClose(actual: ArrayLike<number>, expected: readonly (number | null)[], place: string): void {
    expect(actual.length).toBe(expected.length);
    for (const [i, value] of expected.entries()) {
      if (value === null) expect(actual[i], place).toBeNaN();
      else expect(Math.abs(actual[i] - value) / Math.max(1, Math.abs(value)), place).toBeLessThan(tolerance);
    }
  }
});
