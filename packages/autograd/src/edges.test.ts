import { readFileSync } from "node:fs";
import { referenceEngine, type DType } from "@stargrad/graph";
import * as sg from "@stargrad/tensor";
import { getEngine, realize, setEngine, tensor, Tensor } from "@stargrad/tensor";
import { afterAll, describe, expect, it } from "vitest";
import { cancelling, differences } from "./testing/edge-differences.js";
import { grad } from "./index.js";

/*
 * Values, gradients and gradients of gradients at the edges of each element type, on both engines, against PyTorch's, which
 * golden/edges.py recorded. `testing/edge-differences.ts` lists where they differ, and why.
 */

interface Recorded {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

interface Call {
  readonly call: string;
  readonly inputs: readonly Recorded[] | string;
  readonly further?: readonly unknown[];
  readonly squared?: boolean;
  readonly value: Recorded;
  readonly first?: readonly Recorded[];
  readonly second?: readonly Recorded[];
}

type Line = Call | { readonly name: string; readonly inputs: readonly Recorded[] };

const lines = readFileSync(new URL("../golden/edges.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);
const shared = new Map(lines.flatMap((line) => ("name" in line ? [[line.name, line.inputs]] : [])));
const calls = lines.filter((line): line is Call => "call" in line);

/** Strings stand for numbers that JSON lacks. */
function decode(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decode(each)]));
  }
  return typeof value === "string" && /^(NaN|-?Infinity|-0)$/.test(value) ? Number(value) : value;
}

/** Sums y with the weights 1, 2, 3, … along the last axis. */
function weighed(y: Tensor): Tensor {
  const weights = Array.from({ length: y.shape.at(-1) ?? 1 }, (_, i) => i + 1);
  return y.mul(tensor(y.ndim === 0 ? 1 : weights, { dtype: y.dtype })).sum();
}

type Function = (...inputs: Tensor[]) => Tensor;

/** The gradients of a scalar with respect to every input. */
function gradients(f: Function, inputs: Tensor[]): Tensor[] {
  return inputs.map((x, i) => grad((each: Tensor) => f(...inputs.with(i, each)))(x));
}

/** The results of a call, by name. */
function compute(
  { call, further = [], squared = false, first }: Call,
  inputs: Tensor[],
): Map<string, Tensor> {
  const f = (...x: Tensor[]): Tensor => {
    const y = (sg[call as keyof typeof sg] as (...given: unknown[]) => Tensor | { values: Tensor })(
      ...x,
      ...further.map(decode),
    );
    const result = y instanceof Tensor ? y : y.values;
    return squared ? result.square() : result;
  };
  const ofFirst = (...x: Tensor[]): Tensor =>
    gradients((...each) => weighed(f(...each)), x)
      .map(weighed)
      .reduce((a, b) => a.add(b));
  return new Map([
    ["value", f(...inputs)],
    ...(first === undefined
      ? []
      : [
          ...gradients((...x) => weighed(f(...x)), inputs).map((x, i): [string, Tensor] => [`first ${i}`, x]),
          ...gradients(ofFirst, inputs).map((x, i): [string, Tensor] => [`second ${i}`, x]),
        ]),
  ]);
}

/** The error that rounding explains: a few units in the last place, and the rounding of subnormal numbers. */
const relative = { bool: 0, int32: 0, float32: 4e-6, float64: 1e-13 };
const absolute = { bool: 0, int32: 0, float32: 3e-45, float64: 1e-323 };

function agrees(got: number, want: number, dtype: DType, scale: number): boolean {
  if (Object.is(got, want) || got === want) return true;
  const size = Math.max(Math.abs(want), scale);
  return Number.isFinite(size) && Math.abs(got - want) <= relative[dtype] * size + absolute[dtype];
}

const usual = getEngine();
afterAll(() => {
  setEngine(usual);
});

const used = new Set<string>();
/** The values of each call, by engine. */
const values = new Map<Call, ArrayLike<number>[]>();

describe.each([usual, referenceEngine])("on engine %#", (engine) => {
  it.each([...new Set(calls.map(({ call }) => call))])("%s is PyTorch's", (name) => {
    setEngine(engine);
    const wrong: string[] = [];
    for (const call of calls.filter((each) => each.call === name)) {
      const recorded = typeof call.inputs === "string" ? (shared.get(call.inputs) ?? []) : call.inputs;
      const inputs = recorded.map(({ dtype, shape, data }) => tensor(data.map(Number), { dtype, shape }));
      const expected = new Map([
        ["value", call.value],
        ...(call.first ?? []).map((x, i): [string, Recorded] => [`first ${i}`, x]),
        ...(call.second ?? []).map((x, i): [string, Recorded] => [`second ${i}`, x]),
      ]);
      const [length] = recorded[0].shape.slice(-1);
      const results = compute(call, inputs);
      // One program is compiled, not one for each.
      realize(...results.values());
      for (const [what, got] of results) {
        const want = expected.get(what);
        expect([got.dtype, got.shape]).toEqual([want?.dtype, want?.shape]);
        if (want === undefined) continue;
        if (what === "value") values.set(call, [...(values.get(call) ?? []), got.dataSync()]);
        got.dataSync().forEach((element, i) => {
          const goal = Number(want.data[i]);
          if (agrees(element, goal, want.dtype, cancelling.has(name) ? 1 : 0)) return;
          const row = Math.floor((i * recorded[0].data.length) / got.size / length);
          const at = recorded.flatMap(({ data }) => data.slice(row * length, (row + 1) * length)).map(Number);
          const value = Number(call.value.data[call.value.data.length === want.data.length ? i : row]);
          const given = { ...call, of: what.split(" ")[0], at, element, goal, result: value };
          const known = differences.find((each) => each.calls.includes(name) && each.where(given));
          if (known !== undefined) used.add(known.because);
          else
            wrong.push(
              `${name}(${at.join(", ")}; ${JSON.stringify(call.further)}${call.squared === true ? " squared" : ""}), ${what}: ${element}, not ${goal}, ${want.dtype}`,
            );
        });
      }
    }
    expect(wrong).toEqual([]);
  });
});

it("both engines give every zero the same sign", () => {
  const differing = [...values].flatMap(([{ call, further, inputs }, [fast, reference]]) =>
    Array.from(fast).flatMap((value, i) =>
      value === 0 && reference[i] === 0 && !Object.is(value, reference[i])
        ? [`${call}, ${JSON.stringify(further)}, of ${JSON.stringify(inputs)}: element ${i}`]
        : [],
    ),
  );
  expect(differing).toEqual([]);
});

it("every listed difference exists", () => {
  expect(differences.map(({ because }) => because).filter((each) => !used.has(each))).toEqual([]);
});
