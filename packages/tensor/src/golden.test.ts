import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import * as library from "./index.js";
import { allocate } from "@stargrad/graph";
import { Generator, tensor, Tensor, type DType, type GeneratorState, type NestedArray } from "./index.js";

/*
 * Calls of the composed functions against what PyTorch and NumPy return for the same arguments, recorded by
 * golden/functions.py. `-0` and `0` count as equal.
 */

interface Recorded {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

const calls = readFileSync(new URL("../golden/functions.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as { call: string; arguments: unknown[]; output: unknown });

const tolerance = { bool: 0, int32: 0, float32: 2e-7, float64: 1e-13 };

function isRecorded(value: unknown): value is Recorded {
  return typeof value === "object" && value !== null && "dtype" in value && "data" in value;
}

/** Elements that a function is given as a typed array. */
function isArray(value: object): value is { readonly array: DType; readonly data: readonly number[] } {
  return "array" in value;
}

/** The generator that a random function draws from. */
function isGenerator(value: object): value is GeneratorState {
  return "seed" in value;
}

function generatorAt(state: GeneratorState): Generator {
  const generator = new Generator(state.seed);
  generator.restore(state);
  return generator;
}

/** Recorded tensors as tensors and recorded numbers as numbers, in whatever holds them. */
function decode(value: unknown): unknown {
  if (isRecorded(value)) {
    return tensor(value.data.map(Number) as NestedArray, { dtype: value.dtype, shape: value.shape });
  }
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value === "object" && value !== null) {
    if (isGenerator(value)) return generatorAt(value);
    if (isArray(value)) {
      const array = allocate(value.array, value.data.length);
      array.set(value.data);
      return array;
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decode(each)]));
  }
  return typeof value === "string" && /^(NaN|-?Infinity)$/.test(value) ? Number(value) : value;
}

/** How far a number is from what it should be: relative beyond 1, absolute below. */
function deviation(got: number, want: number): number {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  const difference = Math.abs(got - want) / Math.max(1, Math.abs(want));
  return Number.isNaN(difference) ? Infinity : difference;
}

function expectSame(got: unknown, want: unknown): void {
  if (!isRecorded(want)) {
    // Several tensors, in an array or under names.
    const [gotParts, wantParts] = [got, want].map((parts) => Object.entries(parts as object));
    expect(gotParts.map(([key]) => key)).toEqual(wantParts.map(([key]) => key));
    gotParts.forEach(([, part], i) => {
      expectSame(part, wantParts[i][1]);
    });
    return;
  }
  expect(got).toBeInstanceOf(Tensor);
  const result = got as Tensor;
  expect(result.shape).toEqual(want.shape);
  expect(result.dtype).toBe(want.dtype);
  const data = result.dataSync();
  const expected = want.data.map(Number);
  const far = expected.findIndex((value, i) => deviation(data[i], value) > tolerance[want.dtype]);
  expect(far, `element ${far} is ${data[far]}; expected ${expected[far]}`).toBe(-1);
}

describe.each([...new Set(calls.map(({ call }) => call))])("%s", (name) => {
  const recorded = calls.filter(({ call }) => call === name);
  const call = library[name as keyof typeof library] as (...operands: unknown[]) => unknown;

  it(`returns what PyTorch and NumPy return, for ${recorded.length} calls`, () => {
    for (const each of recorded) {
      try {
        expectSame(call(...(decode(each.arguments) as unknown[])), each.output);
      } catch (error) {
        throw new Error(`${name}(${JSON.stringify(each.arguments).slice(0, 300)})`, { cause: error });
      }
    }
  });
});
