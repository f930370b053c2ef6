import { readFileSync } from "node:fs";

import { backward, Parameter } from "@stargrad/autograd";
import { tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import type { Layer, Module } from "./index.js";

/*
 * What the golden tests share: reading the files that golden/*.py wrote with PyTorch in float64, and comparing.
 */

/**
 * The float64 run is the proof (the files hold 13 digits); the float32 run shows that nothing widens or narrows on the
 * way. Tolerances are relative, absolute below 1.
 */
export const runs = [
  { dtype: "float64", tolerance: 1e-12 },
  { dtype: "float32", tolerance: 1e-5 },
] as const;

export type Run = (typeof runs)[number];

/** A tensor as the files hold it: float64 unless it says otherwise, NaN as null. */
export interface Golden {
  shape: number[];
  data: (number | null)[];
  dtype?: "int32" | "bool";
}

/** A layer from one tensor to one tensor. */
export interface LayerCase {
  layer: string;
  arguments: never[];
  options: object;
  /** Whether the layer was being trained. Default: true. */
  training?: boolean;
  state: Record<string, Golden>;
  input: Golden;
  gradient: Golden;
  output: Golden;
  inputGradient: Golden;
  stateGradients: Record<string, Golden>;
  /** What the state became, if the layer itself changes it. */
  stateAfter?: Record<string, Golden>;
}

/** A loss of a prediction and what it is compared with. */
export interface LossCase {
  loss: string;
  inputs: Golden[];
  tensors: Record<string, Golden>;
  options: object;
  gradient: Golden;
  output: Golden;
  inputGradients: (Golden | null)[];
}

export type Loss = (...values: never[]) => Tensor;

/** The cases of one file, which the caller says the type of. */
export function readCases(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8"));
}

export function restore({ shape, data, dtype }: Golden, float: Run["dtype"]): Tensor {
  const numbers = Float64Array.from(data, (value) => value ?? NaN);
  return tensor(numbers, { shape, dtype: dtype ?? float });
}

/** What gradients reach is a parameter; whole numbers and masks are plain tensors. */
export function restoreInput(golden: Golden, float: Run["dtype"]): Tensor {
  const value = restore(golden, float);
  return golden.dtype === undefined ? new Parameter(value) : value;
}

export function gradientOf(input: Tensor): Tensor | null {
  return input instanceof Parameter ? input.grad : null;
}

export function restoreState(module: Module, state: Record<string, Golden>, float: Run["dtype"]): void {
  module.loadStateDict(new Map(Object.entries(state).map(([name, value]) => [name, restore(value, float)])));
}

export function expectClose(actual: Tensor | null, expected: Golden, tolerance: number): void {
  expect(actual?.shape).toEqual(expected.shape);
  const values = actual === null ? [] : [...actual.dataSync()];
  const wrong = values.filter((value, i) => !isClose(value, expected.data[i] ?? NaN, tolerance));
  expect(wrong, `${values.join(" ")} instead of ${expected.data.join(" ")}`).toEqual([]);
}

/** The module's parameters are those of the file, in its order, and so are their gradients. */
export function expectGradients(module: Module, expected: Record<string, Golden>, tolerance: number): void {
  expect([...module.namedParameters().keys()]).toEqual(Object.keys(expected));
  for (const [name, parameter] of module.namedParameters()) {
    expectClose(parameter.grad, expected[name], tolerance);
  }
}

/** Tests every case of layers from one tensor to one tensor, built by the class of its name. */
export function testLayers(
  cases: readonly LayerCase[],
  layers: Readonly<Record<string, new (...values: never[]) => Layer>>,
): void {
  describe.each(runs)("PyTorch's layers in $dtype", ({ dtype, tolerance }) => {
    for (const [i, golden] of cases.entries()) {
      it(title(i, golden.layer, golden.input, golden.options), () => {
        const hasWeights = Object.keys(golden.state).length > 0;
        const values = [...golden.arguments, { ...golden.options, ...(hasWeights ? { dtype } : {}) }];
        const layer = new layers[golden.layer](...(values as never[]));
        restoreState(layer, golden.state, dtype);
        layer.train(golden.training);
        const x = new Parameter(restore(golden.input, dtype));
        const y = layer.forward(x);
        expect(y.dtype).toBe(dtype);
        expectClose(y, golden.output, tolerance);
        backward(y, restore(golden.gradient, dtype));
        expectClose(x.grad, golden.inputGradient, tolerance);
        expectGradients(layer, golden.stateGradients, tolerance);
        for (const [name, value] of Object.entries(golden.stateAfter ?? {})) {
          expectClose(layer.stateDict().get(name) ?? null, value, tolerance);
        }
      });
    }
  });
}

/** Tests every case of losses, each of them the function of its name. */
export function testLosses(cases: readonly LossCase[], losses: Readonly<Record<string, Loss>>): void {
  describe.each(runs)("PyTorch's losses in $dtype", ({ dtype, tolerance }) => {
    for (const [i, golden] of cases.entries()) {
      it(title(i, golden.loss, golden.inputs[0], golden.options), () => {
        const tensors = Object.entries(golden.tensors).map(([name, value]) => [name, restore(value, dtype)]);
        const inputs = golden.inputs.map((input) => restoreInput(input, dtype));
        const options = { ...golden.options, ...Object.fromEntries(tensors) } as object;
        const loss = losses[golden.loss](...([...inputs, options] as never[]));
        expect(loss.dtype).toBe(dtype);
        expectClose(loss, golden.output, tolerance);
        backward(loss, restore(golden.gradient, dtype));
        for (const [i, gradient] of golden.inputGradients.entries()) {
          if (gradient !== null) expectClose(gradientOf(inputs[i]), gradient, tolerance);
        }
      });
    }
  });
}

export function title(index: number, name: string, { shape }: Golden, options: object): string {
  return `${index}. ${name} of [${shape.join(", ")}] ${JSON.stringify(options)}`;
}

function isClose(actual: number, expected: number, tolerance: number): boolean {
  if (!Number.isFinite(expected)) return Object.is(actual, expected);
  return Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
}
