import { binaryNames, unaryNames } from "@stargrad/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import * as library from "../index.js";
import {
  arange,
  clamp,
  erfinv,
  expand,
  greater,
  greaterEqual,
  isNaN,
  linspace,
  logicalAnd,
  logicalOr,
  notEqual,
  ones,
  tensor,
  where,
  zeros,
  type Tensor,
} from "../index.js";

/** Positive numbers, on which every primitive is defined, in row-major order. */
function positive(shape: readonly number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return linspace(0.3, 1.9, size, { dtype: "float64" }).reshape(shape);
}

/** Views whose element order differs from the order in memory. */
const views: Record<string, () => Tensor> = {
  transposed: () => positive([3, 2]).transpose(),
  sliced: () =>
    positive([4, 7]).slice([
      [1, 3],
      [0, null, 3],
    ]),
  flipped: () => positive([2, 3]).flip(),
  broadcast: () => positive([1, 3]).expand([2, 3]),
  "an empty part": () => positive([2, 3]).slice([[2]]),
  scalar: () => positive([6]).select(0, 4),
};

const copy = (x: Tensor) => tensor(x.dataSync(), { shape: x.shape });

describe.each(unaryNames)("%s", (name) => {
  it.each(Object.keys(views))("of a view (%s) is what it is of its copy", (kind) => {
    const x = views[kind]();
    const y = library[name](x);
    expect(y.shape).toEqual(x.shape);
    expect(y.dataSync()).toEqual(library[name](copy(x)).dataSync());
  });
});

describe.each(binaryNames)("%s", (name) => {
  const call = library[name];

  it.each(Object.keys(views))("of views (%s) is what it is of their copies, from either side", (kind) => {
    const x = views[kind]();
    const other = positive(x.shape).mul(-0.7).add(2);
    expect(call(x, other).dataSync()).toEqual(call(copy(x), other).dataSync());
    expect(call(other, x).dataSync()).toEqual(call(other, copy(x)).dataSync());
  });

  it("broadcasts as if both operands had been expanded", () => {
    // Lengths of the axes, and which of them each operand has with length 1 instead; leading ones it may lack.
    const axes = fc.array(fc.record({ length: fc.nat(3), a: fc.boolean(), b: fc.boolean() }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(axes, fc.nat(3), fc.nat(3), (lengths, lackingA, lackingB) => {
        const left = positive(lengths.map(({ length, a }) => (a ? 1 : length)).slice(lackingA));
        const right = positive(lengths.map(({ length, b }) => (b ? 1 : length)).slice(lackingB));
        const result = call(left, right);
        const expanded = call(expand(left, result.shape), expand(right, result.shape));
        expect(result.dataSync()).toEqual(expanded.dataSync());
      }),
      { numRuns: 30 },
    );
  });

  it("names itself when shapes do not fit", () => {
    // @ts-expect-error TypeScript sees it too
    expect(() => call(ones([2, 3]), ones([2]))).toThrow(`${name}: [2, 3] and [2] do not broadcast`);
  });
});

describe("the table of primitives", () => {
  it.each([...unaryNames, ...binaryNames])("has a function for %s", (name) => {
    expect(
      (library as Record<string, unknown>)[name],
      `add ${name} to the names exported by functions/elementwise.ts and index.ts`,
    ).toBeTypeOf("function");
  });
});

describe("where", () => {
  it("broadcasts all three", () => {
    const condition = tensor([[true], [false]]);
    expect(where(condition, tensor([1, 2, 3]), 0).toArraySync()).toEqual([
      [1, 2, 3],
      [0, 0, 0],
    ]);
    expect(where(tensor(true), ones([2]), zeros([3, 1])).shape).toEqual([3, 2]);
  });

  it("casts its values to a common type, and does not cast its condition", () => {
    expect(where(tensor(true), ones([], { dtype: "int32" }), 0.5).dtype).toBe("float32");
    expect(() => where(ones([2]), 1, 0)).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: where: the condition is float32; expected bool]`,
    );
    expect(() => where(tensor([true, false]), ones([3]), 0)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: where: [2] and [3] do not broadcast: 2 and 3 differ at axis -1. Lengths must agree, or one of them be 1, counting axes from the last]`,
    );
  });
});

describe("clamp", () => {
  it("keeps NaN, and integers where the bounds are integers", () => {
    expect(clamp(tensor([NaN, -3, 3]), { min: -1, max: 1 }).toArraySync()).toEqual([NaN, -1, 1]);
    expect(clamp(arange(5), { min: 1, max: 3 }).dataSync()).toEqual(Int32Array.of(1, 1, 2, 3, 3));
    expect(clamp(arange(3), {}).toArraySync()).toEqual([0, 1, 2]);
  });
});

describe("comparisons that are composed of others", () => {
  it("are false for NaN, except not being equal", () => {
    const x = tensor([NaN, 1]);
    expect(greater(x, x).toArraySync()).toEqual([false, false]);
    expect(greaterEqual(x, x).toArraySync()).toEqual([false, true]);
    expect(notEqual(x, x).toArraySync()).toEqual([true, false]);
    expect(isNaN(x).toArraySync()).toEqual([true, false]);
  });

  it("use their own names in messages", () => {
    const [a, b] = [ones([2, 3]), ones([2])];
    const bools = [a.greater(0), b.greater(0)] as const;
    // @ts-expect-error TypeScript sees it too
    expect(() => greater(a, b)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: greater: [2, 3] and [2] do not broadcast: 3 and 2 differ at axis -1. Lengths must agree, or one of them be 1, counting axes from the last]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => greaterEqual(a, b)).toThrow("greaterEqual: [2, 3] and [2]");
    // @ts-expect-error TypeScript sees it too
    expect(() => notEqual(a, b)).toThrow("notEqual: [2, 3] and [2]");
    // @ts-expect-error TypeScript sees it too
    expect(() => a.floorDivide(b)).toThrow("floorDivide: [2, 3] and [2]");
    // @ts-expect-error TypeScript sees it too
    expect(() => logicalAnd(...bools)).toThrow("logicalAnd: [2, 3] and [2]");
    // @ts-expect-error TypeScript sees it too
    expect(() => logicalOr(...bools)).toThrow("logicalOr: [2, 3] and [2]");
  });
});

describe("erfinv", () => {
  it("inverts erf, also where erf is flat", () => {
    const x = linspace(-4, 4, 161, { dtype: "float64" });
    const back = erfinv(x.erf()).dataSync();
    for (const [i, value] of x.dataSync().entries()) {
      // erf is accurate to a few units in the last place; inverting it divides this error by the slope.
      const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-(value ** 2));
      expect(Math.abs(back[i] - value)).toBeLessThan(1e-14 + 1e-15 / slope);
    }
    expect(erfinv(arange(2)).dtype).toBe("float32");
  });
});
