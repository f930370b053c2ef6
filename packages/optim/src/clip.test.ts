import { readFileSync } from "node:fs";

import { backward, Parameter } from "@stargrad/autograd";
import { getEngine, setEngine, tensor, zeros } from "@stargrad/tensor";
import { afterEach, describe, expect, it } from "vitest";

import { clipGradNorm, clipGradValue, SGD } from "./index.js";

// What golden/clip.py wrote with PyTorch; the order null is infinity.
const golden = JSON.parse(readFileSync(new URL("../golden/clip.json", import.meta.url), "utf8")) as {
  shapes: number[][];
  gradients: number[][];
  byNorm: { maxNorm: number; order: number | null; norm: number; clipped: number[][] }[];
  byValue: { maxValue: number; clipped: number[][] }[];
};

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

/** Parameters with the gradients of the file, and one without any. */
function withGradients(dtype: "float32" | "float64"): Parameter[] {
  const parameters = golden.gradients.map((gradient, i) => {
    const parameter = new Parameter(zeros(golden.shapes[i], { dtype }));
    parameter.grad = tensor(Float64Array.from(gradient), { shape: golden.shapes[i], dtype });
    return parameter;
  });
  return [...parameters, new Parameter(zeros([2], { dtype }))];
}

function expectGradients(parameters: readonly Parameter[], expected: number[][], tolerance: number): void {
  for (const [i, values] of expected.entries()) {
    const actual = parameters[i].grad!.dataSync();
    for (const [j, value] of values.entries()) {
      expect(Math.abs(actual[j] - value), `gradient ${i}, element ${j}`).toBeLessThanOrEqual(tolerance);
    }
  }
  expect(parameters[expected.length].grad).toBeNull();
}

describe.each([
  { dtype: "float64", tolerance: 1e-12 },
  { dtype: "float32", tolerance: 1e-6 },
] as const)("PyTorch's clipping in $dtype", ({ dtype, tolerance }) => {
  it.each(golden.byNorm)("of the norm, $maxNorm of order $order", ({ maxNorm, order, norm, clipped }) => {
    const parameters = withGradients(dtype);
    const before = clipGradNorm(parameters, maxNorm, { order: order ?? Infinity });
    expect(Math.abs(before.itemSync() - norm)).toBeLessThanOrEqual(tolerance * norm);
    expect(before.dtype).toBe(dtype);
    expectGradients(parameters, clipped, tolerance);
  });

  it.each(golden.byValue)("of values to $maxValue", ({ maxValue, clipped }) => {
    const parameters = withGradients(dtype);
    clipGradValue(parameters, maxValue);
    expectGradients(parameters, clipped, tolerance);
  });
});

describe("clipGradNorm", () => {
  it("is a part of the step's program, and its norm can be read many steps later", () => {
    let programs = 0;
    setEngine({
      name: "counting",
      capabilities: engine.capabilities,
      prepare(outputs) {
        programs++;
        return engine.prepare(outputs);
      },
    });
    const parameter = new Parameter(tensor([3, 4]));
    const optimizer = new SGD([parameter], { learningRate: 1 });
    programs = 0;
    const norms = [1, 2, 3].map(() => {
      optimizer.zeroGrad();
      backward(parameter.square().sum().mul(0.5));
      const norm = clipGradNorm([parameter], 1);
      optimizer.step();
      return norm;
    });
    expect(programs).toBe(3);
    for (const [i, norm] of norms.entries()) expect(norm.itemSync()).toBeCloseTo(5 - i, 4);
    expect(programs).toBe(3);
  });

  it("only measures if the norm may be infinite", () => {
    const parameter = new Parameter(tensor([3, 4]));
    parameter.grad = tensor([3, 4]);
    expect(clipGradNorm([parameter], Infinity).itemSync()).toBeCloseTo(5);
    expect(parameter.grad.toArraySync()).toEqual([3, 4]);
  });

  it("is 0 where nothing has a gradient", () => {
    expect(clipGradNorm([new Parameter(zeros([2]))], 1).itemSync()).toBe(0);
  });

  it("takes parameters of different types", () => {
    const [a, b] = [new Parameter(zeros([1])), new Parameter(zeros([1], { dtype: "float64" }))];
    [a.grad, b.grad] = [tensor([3]), tensor([4], { dtype: "float64" })];
    expect(clipGradNorm([a, b], 2.5).itemSync()).toBeCloseTo(5, 6);
    expect([a.grad.dtype, b.grad.dtype]).toEqual(["float32", "float64"]);
    expect(b.grad.itemSync()).toBeCloseTo(2, 5);
  });

  it("throws on a norm that is not finite if asked to, before anything changes", () => {
    for (const [bad, printed] of [
      [NaN, "NaN"],
      [-Infinity, "Infinity"],
    ] as const) {
      const [a, b] = [new Parameter(zeros([1])), new Parameter(zeros([1]))];
      const gradients = [tensor([bad]), tensor([100])];
      [a.grad, b.grad] = gradients;
      expect(() => clipGradNorm([a, b], 1, { errorIfNonfinite: true })).toThrow(
        `clipGradNorm: the norm of the gradients is ${printed}; expected a finite number`,
      );
      expect([a.grad, b.grad]).toEqual(gradients);
      expect(clipGradNorm([a, b], 1).itemSync()).toEqual(Math.abs(bad));
      expect(a.grad.itemSync()).toBeNaN();
      expect(b.grad.itemSync()).toEqual(Number.isNaN(bad) ? NaN : 0);
    }
  });

  it("checks its arguments", () => {
    expect(() => clipGradNorm([], -1)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: clipGradNorm: got maxNorm -1; expected a number of at least 0]`,
    );
    expect(() => clipGradNorm([], NaN)).toThrow("clipGradNorm: got maxNorm NaN");
    expect(() => clipGradNorm([], 1, { order: NaN })).toThrow("clipGradNorm: got order NaN");
    expect(() => {
      clipGradValue([], NaN);
    }).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: clipGradValue: got maxValue NaN; expected a finite number of at least 0]`,
    );
  });
});

describe("clipGradValue", () => {
  it("leaves NaN as it is", () => {
    const parameter = new Parameter(zeros([2]));
    parameter.grad = tensor([NaN, 7]);
    clipGradValue([parameter], 1);
    expect(parameter.grad.toArraySync()).toEqual([NaN, 1]);
  });
});
