import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { allocate, type DType } from "./dtype.js";
import { formulaOf, samplesOf } from "./descriptions.js";
import { runProgram } from "./engine.js";
import { HostStorage } from "./storage.js";
import { createLeaf, createNode } from "./node.js";
import type { HostTensor, Primitive } from "./primitive.js";
import { binaryNames, plainNames, primitives, unaryNames, type PrimitiveName } from "./primitives.js";
import { referenceEngine } from "./reference-engine.js";

/*
 * Compares every primitive with PyTorch on each of its samples. A new row of the table is tested here as soon as its golden values
 * are written.
 */

const howToWrite = "To write golden values, run: npm run goldens -- --only graph/golden/primitives";

interface Golden {
  primitive: PrimitiveName;
  kind: "sample" | "special";
  inputs: HostTensor[];
  attributes: object;
  output: HostTensor;
}

const golden = readFileSync(new URL("../golden/primitives.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => {
    const recorded = JSON.parse(line) as Golden;
    return { ...recorded, inputs: recorded.inputs.map(decode), output: decode(recorded.output) };
  });

function decode({
  dtype,
  shape,
  data,
}: {
  dtype: DType;
  shape: readonly number[];
  data: Iterable<unknown>;
}): HostTensor {
  return hostTensor(dtype, shape, Array.from(data, Number));
}

function hostTensor(dtype: DType, shape: readonly number[], elements: ArrayLike<number>): HostTensor {
  const data = allocate(dtype, elements.length);
  data.set(elements);
  return { dtype, shape, data };
}

function compute(name: PrimitiveName, inputs: readonly HostTensor[], attributes: object): HostTensor {
  const leaves = inputs.map(({ shape, dtype, data }) => createLeaf(shape, dtype, new HostStorage(data)));
  const node = createNode(name, leaves, attributes as never);
  const [storage] = runProgram(referenceEngine, [node]);
  return { shape: node.shape, dtype: node.dtype, data: storage.readSync() };
}

/** The largest error of the elements: relative for expected numbers larger than 1, otherwise absolute. */
function deviation(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    if (got[i] === want[i] || (Number.isNaN(got[i]) && Number.isNaN(want[i]))) continue;
    const difference = Math.abs(got[i] - want[i]) / Math.max(1, Math.abs(want[i]));
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
  }
  return largest;
}

function title({ inputs, attributes }: Golden): string {
  return [
    ...inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(", ")}]`),
    JSON.stringify(attributes),
  ].join(" ");
}

function tolerance(dtype: DType): number {
  // Rounding inputs to float32 has a relative error of 6e-8, which a steep function multiplies by a small factor.
  return { bool: 0, int32: 0, float32: 1e-6, float64: 1e-12 }[dtype];
}

describe.each(plainNames)("%s", (name) => {
  const primitive: Primitive = primitives[name];
  const recorded = golden.filter((each) => each.primitive === name && each.kind === "sample");

  it("is listed under its own name, and its samples are valid", () => {
    expect(primitive.name).toBe(name);
    expect(formulaOf(name)).not.toBe("");
    expect(samplesOf(name).length).toBeGreaterThan(0);
    for (const { inputs } of samplesOf(name)) {
      expect(inputs.length).toBe(primitive.arity === "any" ? inputs.length : primitive.arity);
      for (const { shape, dtype, data } of inputs) expect(data).toEqual(hostTensor(dtype, shape, data).data);
    }
  });

  it("has golden values for all of its current samples", () => {
    const now = samplesOf(name).map(({ inputs, attributes }) => ({ inputs, attributes }));
    const then = recorded.map(({ inputs, attributes }) => ({ inputs, attributes }));
    expect(then, howToWrite).toEqual(now);
  });

  it.each(recorded.map((each) => [title(each), each] as const))(
    "computes what PyTorch computes on %s",
    (_, { inputs, attributes, output }) => {
      const got = compute(name, inputs, attributes);
      expect(got.shape).toEqual(output.shape);
      expect(got.dtype).toBe(output.dtype);
      expect(deviation(got.data, output.data)).toBeLessThanOrEqual(tolerance(output.dtype));
    },
  );

  it("computes the same in float32, up to rounding", () => {
    for (const { inputs, attributes, output } of recorded) {
      const rounded = inputs.map((input) =>
        input.dtype === "float64" ? hostTensor("float32", input.shape, input.data) : input,
      );
      const got = compute(name, rounded, attributes);
      const expected = primitive.dtype(rounded, attributes);
      expect(got.dtype).toBe(expected);
      expect(deviation(got.data, output.data)).toBeLessThanOrEqual(
        tolerance(output.dtype === "float64" ? "float32" : output.dtype),
      );
    }
  });
});

describe.each([...unaryNames, ...binaryNames])("%s", (name) => {
  it("computes what PyTorch computes on NaN, infinities, zeros and numbers of every size", () => {
    const special = golden.find((each) => each.primitive === name && each.kind === "special");
    if (special === undefined) throw new Error(`${name} has no golden values. ${howToWrite}`);
    const got = compute(name, special.inputs, special.attributes);
    got.data.forEach((value, i) => {
      const call = `${name}(${special.inputs.map(({ data }) => data[i]).join(", ")})`;
      const want = special.output.data[i];
      expect(deviation([value], [want]), `${call} is ${value}; PyTorch says ${want}`).toBeLessThanOrEqual(
        1e-12,
      );
    });
  });
});
