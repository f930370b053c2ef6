import { plainNames } from "@stargrad/graph";
import { observeNodes } from "@stargrad/graph/internal";
import { sampled } from "@stargrad/graph/testing";
import { ones, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { checks, differentiableSamples, gradientTable, whyNoDerivative } from "../scripts/gradient-table.js";
import { grad } from "./grad.js";
import { rules } from "./rules.js";

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

      const further = new Set(sampled(samples, 3));
      samples.forEach((sample, i) => {
        // The first derivative of each sample; in the short suite, the others of some.
        const kinds = Object.entries(checks).filter(
          ([kind]) => kind === "first derivative" || further.has(sample),
        );
        it.each(kinds)(`sample ${i}, ${sample.shapes}: %s`, (kind, check) => {
          const varied = kind === "jvp" ? [sample.f(...sample.inputs)] : sample.inputs;
          expect(check(sample).checked).toBe(varied.reduce((total, { size }) => total + size, 0));
        });
      });
    });
  }
});

it("a rule that returns too few gradients is an error, not a gradient of 0", () => {
  const table = rules as { mul: unknown };
  const { mul } = table;
  table.mul = (g: Tensor, [, b]: readonly Tensor[]) => [g.mul(b)];
  try {
    expect(() => grad((a: Tensor) => a.mul(a).sum())(ones([2]))).toThrow(
      "the gradient rule of mul: backward returned 1 gradients for 2 inputs",
    );
  } finally {
    table.mul = mul;
  }
});

it("builds the gradient of an input only if it is wanted", () => {
  const data = ones([3, 2]);
  const built: (string | undefined)[] = [];
  const previous = observeNodes(({ operation }) => built.push(operation?.primitive));
  try {
    grad((weight: Tensor) => data.matmul(weight).mul(2).sum())(ones([2, 4]));
  } finally {
    observeNodes(previous);
  }
  // The products are the forward pass and the gradient of the weight; the other gradient would need a third one.
  expect(built.filter((name) => name === "matmul")).toHaveLength(2);
  expect(built.filter((name) => name === "mul")).toHaveLength(2);
});

it("the table that is printed leaves no primitive out and finds nothing wrong", () => {
  const printed = sampled(plainNames, 8);
  const { text, failures } = gradientTable(printed);
  expect(failures).toEqual([]);
  const names = text.split("\n").slice(1, 1 + printed.length);
  expect(names.map((line) => line.split(" ")[0])).toEqual(printed);
});
