import { plainNames } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { checks, differentiableSamples, gradientTable, whyNoDerivative } from "../scripts/gradient-table.js";

describe("the table of gradient rules", () => {
  for (const name of plainNames) {
    const reason = whyNoDerivative(name);
    if (reason !== null) {
      it(`${name} has no derivative: ${reason}`, () => {
        expect(name === "detach" || differentiableSamples(name).length === 0).toBe(true);
      });
      continue;
    }

    describe(name, () => {
      const samples = differentiableSamples(name);

      it("has at least three samples to check, one with an axis of length 1", () => {
        expect(samples.length).toBeGreaterThanOrEqual(name === "cast" ? 1 : 3);
        const hasUnitAxis = samples.some(({ shapes }) => /\[(.*, )?1(, .*)?\]/.test(shapes));
        expect(hasUnitAxis || name === "cast").toBe(true);
      });

      samples.forEach((sample, i) => {
        it.each(Object.entries(checks))(`sample ${i}, ${sample.shapes}: %s`, (kind, check) => {
          const varied = kind === "jvp" ? [sample.f(...sample.inputs)] : sample.inputs;
          expect(check(sample).checked).toBe(varied.reduce((total, { size }) => total + size, 0));
        });
      });
    });
  }
});

it("the table that is printed leaves no primitive out and finds nothing wrong", () => {
  const { text, failures } = gradientTable();
  expect(failures).toEqual([]);
  const names = text.split("\n").slice(1, 1 + plainNames.length);
  expect(names.map((line) => line.split(" ")[0])).toEqual(plainNames);
});
