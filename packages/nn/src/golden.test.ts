import { sampled } from "@stargrad/tensor/testing";
import { describe, expect, it } from "vitest";

import { goldenCases, type GoldenCase } from "../scripts/golden-cases.js";
import { subjectNames, withoutCase } from "../scripts/golden-subjects.js";
import { dtypes, hasOddSize, rowOf } from "../scripts/layer-table.js";
import { ModuleDict, ModuleList } from "./index.js";

// What `npm run -s layers` prints: every layer and loss against PyTorch, on every engine.

const cases = goldenCases();

/** The first cases in training mode or in eval mode, and a sample of the others, with and without odd sizes. */
function mostOf(own: readonly GoldenCase[], training: boolean): GoldenCase[] {
  const inMode = own.filter((golden) => golden.training === training);
  return [...inMode.slice(0, 3), ...sampled(inMode.slice(3), 4, hasOddSize)];
}

describe.each(dtypes)("PyTorch's layers and losses in %s", (dtype) => {
  // float64 proves the numbers. float32 shows that no type changes on the way, for which some layers suffice.
  it.each(dtype === "float64" ? subjectNames : sampled(subjectNames, 7))("%s", (name) => {
    // On the default engine, which compiles each, the first case and a sample of the others.
    const chosen = (own: readonly GoldenCase[], isReference: boolean) =>
      isReference ? [true, false].flatMap((mode) => mostOf(own, mode)) : sampled(own, 17);
    expect(rowOf(name, dtype, cases, chosen).failures).toEqual([]);
  });
});

describe("the golden cases", () => {
  it("are all for exported names", () => {
    const known = new Set(subjectNames);
    expect(cases.filter(({ name }) => !known.has(name))).toEqual([]);
  });

  it("are missing only for modules that compute nothing", () => {
    expect(Object.keys(withoutCase)).toEqual(["ModuleDict", "ModuleList"]);
    for (const container of [new ModuleDict(), new ModuleList()]) {
      expect(() => container.forward()).toThrow("has no forward pass of its own");
    }
  });
});

describe("a row of the table", () => {
  const [linear] = cases.filter(({ name }) => name === "Linear");
  const failuresOf = (...changed: GoldenCase[]) => rowOf("Linear", "float64", changed).failures;

  it("fails for a layer without a case", () => {
    expect(failuresOf()).toEqual(["Linear has no golden case; add one to a script in golden/"]);
  });

  it("fails for a column without a case, unless there is a reason", () => {
    expect(failuresOf(linear)).toEqual([]);
    const even = cases.filter(({ name, inputs }) => name === "Linear" && inputs[0].shape.includes(1));
    expect(failuresOf(...even)).toEqual(["Linear, float64: no golden case for the column odd sizes"]);
  });

  it("fails for a number, a shape, a parameter or an output that differs, on each engine", () => {
    const number = { shape: [1], data: [0] };
    const wrong: Partial<GoldenCase>[] = [
      {
        outputs: {
          output: { ...linear.outputs.output, data: linear.outputs.output.data.map((x) => x! + 1e-9) },
        },
      },
      { outputs: { output: { ...linear.outputs.output, shape: [3, 4] } } },
      { outputs: { ...linear.outputs, other: number } },
      { inputGradients: [{ ...linear.inputs[0], data: linear.inputs[0].data.map(() => null) }] },
      { stateGradients: { ...linear.stateGradients, other: number } },
      { stateGradients: { weight: linear.stateGradients.weight } },
      { stateAfter: { weight: linear.stateGradients.weight } },
    ];
    for (const change of wrong) {
      const failures = failuresOf({ ...linear, ...change });
      expect(failures.length, JSON.stringify(change)).toBeGreaterThan(0);
      expect(failures.filter((failure) => failure.includes("on reference")).length * 2).toBe(failures.length);
    }
  });
});
