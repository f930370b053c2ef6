import { backward, Parameter } from "@stargrad/autograd";
import { realize, sameShape, type Tensor } from "@stargrad/tensor";

import { restore, type Golden, type GoldenCase } from "./golden-cases.js";
import { subjectOf, type Subject } from "./golden-subjects.js";

/**
 * The float64 run is the proof (the files hold 13 digits); the float32 run shows that nothing widens or narrows on the
 * way. Errors are relative, absolute below 1.
 */
export const tolerances = { float64: 1e-12, float32: 1e-5 } as const;

export type Float = keyof typeof tolerances;

/** What is compared: one column of the table of layers. */
export type Part = "forward" | "input gradient" | "parameter gradient";

/** One tensor beside PyTorch's. */
export interface Comparison {
  readonly part: Part;
  /** What it is called: an output, an input, a parameter. */
  readonly name: string;
  /** The largest error of its elements; infinite if it has another shape or type, or is missing. */
  readonly error: number;
  /** What it is, and what it should be. */
  readonly message: () => string;
}

/** Runs a case forwards and backwards on the engine that is set, and compares all that PyTorch has said about it. */
export function compareCase(golden: GoldenCase, dtype: Float): Comparison[] {
  const { subject, inputs, outputs } = runForward(golden, dtype, golden.training);
  const { module } = subject;
  const parameters = module?.namedParameters() ?? new Map<string, Parameter>();
  const comparisons: Comparison[] = [];
  // Two programs, as in use: all outputs, and all gradients.
  realizeAll(Object.values(outputs));
  for (const name of new Set([...Object.keys(outputs), ...Object.keys(golden.outputs)])) {
    comparisons.push(compare("forward", name, outputs[name], golden.outputs[name], dtype));
  }
  for (const [name, gradient] of Object.entries(golden.gradients)) {
    const output = outputs[name];
    if (output !== null) backward(output, restore(gradient, dtype));
  }
  realizeAll([...inputs.map(gradientOf), ...[...parameters.values()].map(gradientOf)]);
  for (const [i, expected] of golden.inputGradients.entries()) {
    if (expected === null) continue;
    comparisons.push(compare("input gradient", `input ${i}`, gradientOf(inputs[i]), expected, dtype));
  }
  // Neither side may have a parameter that the other has not.
  for (const name of new Set([...parameters.keys(), ...Object.keys(golden.stateGradients)])) {
    const gradient = parameters.get(name)?.grad ?? null;
    comparisons.push(compare("parameter gradient", name, gradient, golden.stateGradients[name], dtype));
  }
  for (const [name, expected] of Object.entries(golden.stateAfter)) {
    const value = module?.stateDict().get(name) ?? null;
    comparisons.push(compare("forward", name, value, expected, dtype));
  }
  return comparisons;
}

function gradientOf(input: Tensor): Tensor | null {
  return input instanceof Parameter ? input.grad : null;
}

function realizeAll(tensors: readonly (Tensor | null)[]): void {
  realize(...tensors.filter((x) => x !== null));
}

/** Whether a case gives the very same bits whether it is being trained or not. */
export function isSameInEval(golden: GoldenCase, dtype: Float): boolean {
  const [trained, used] = [true, false].map((training) =>
    Object.values(runForward(golden, dtype, training).outputs).map((output) => output?.dataSync()),
  );
  return trained.every((values, i) => values?.every((value, k) => Object.is(value, used[i]?.[k])) ?? true);
}

function runForward(
  golden: GoldenCase,
  dtype: Float,
  training: boolean,
): { subject: Subject; inputs: readonly Tensor[]; outputs: Readonly<Record<string, Tensor | null>> } {
  const subject = subjectOf(golden, dtype);
  const state = Object.entries(golden.state).map(([name, value]) => [name, restore(value, dtype)] as const);
  subject.module?.loadStateDict(new Map(state));
  subject.module?.train(training);
  const inputs = golden.inputs.map((input) => restoreInput(input, dtype));
  const tensors = Object.entries(golden.tensors).map(
    ([name, value]) => [name, restoreInput(value, dtype)] as const,
  );
  const outputs = subject.call(inputs, Object.fromEntries(tensors));
  return { subject, inputs: [...inputs, ...tensors.map(([, value]) => value)], outputs };
}

/** What gradients reach is a parameter; whole numbers and masks are plain tensors. */
function restoreInput(golden: Golden, dtype: Float): Tensor {
  const value = restore(golden, dtype);
  return golden.dtype === undefined ? new Parameter(value) : value;
}

function compare(
  part: Part,
  name: string,
  actual: Tensor | null | undefined,
  expected: Golden | undefined,
  dtype: Float,
): Comparison {
  const result = (error: number): Comparison => ({
    part,
    name,
    error,
    message: () => {
      const wanted = expected === undefined ? "nothing" : describe(restore(expected, dtype));
      return `${part}, ${name}: got ${describe(actual)}; expected ${wanted}`;
    },
  });
  if (actual === null || actual === undefined || expected === undefined) return result(Infinity);
  const isAlike = actual.dtype === (expected.dtype ?? dtype) && sameShape(actual.shape, expected.shape);
  const errors = [...actual.dataSync()].map((value, i) => errorOf(value, expected.data[i] ?? NaN));
  return result(isAlike ? Math.max(0, ...errors) : Infinity);
}

function errorOf(actual: number, expected: number): number {
  if (!Number.isFinite(expected)) return Object.is(actual, expected) ? 0 : Infinity;
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  return Number.isNaN(error) ? Infinity : error;
}

function describe(x: Tensor | null | undefined): string {
  return x === null || x === undefined
    ? "nothing"
    : `${x.dtype} [${x.shape.join(", ")}] ${x.dataSync().join(" ")}`;
}
