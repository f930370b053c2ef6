import { MathLibrary, emitElementwise, v128 } from "@stargrad/codegen";
import { WasmModuleBuilder } from "../../assembler/module-builder.js";
import { readFileSync } from "node:fs";
import { primitiveNames, primitives, type FloatType, type TranscendentalName } from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import { describe, expect, it } from "vitest";
import { fastestVectors, roundedVectors } from "../../vector-features.js";
import { mathLoop, type LoopOptions } from "../../testing/math-loop.js";

type FloatArray = Float32Array | Float64Array;

interface Golden {
  readonly inputs: readonly string[];
  readonly results: string;
}

const howToWrite = "To write golden values, run: npm run goldens -- --only wasm/golden/make";

/** The guaranteed maximum error of every function, in units in the last place. */
const promised: Readonly<Record<FloatType, number>> = { float32: 4, float64: 10 };

/** The measured maximum error of each function, slightly rounded up. A function without an entry has the guaranteed bound. */
const measured: { readonly [Name in TranscendentalName]?: Readonly<Record<FloatType, number>> } = {
  exp: { float32: 1.1, float64: 1 },
  expm1: { float32: 1.8, float64: 1 },
  log: { float32: 0.9, float64: 1 },
  log1p: { float32: 0.9, float64: 1 },
  sin: { float32: 2.3, float64: 3 },
  cos: { float32: 2.3, float64: 3 },
  tan: { float32: 4, float64: 4 },
  atan: { float32: 2.8, float64: 3 },
  sinh: { float32: 2.1, float64: 2 },
  cosh: { float32: 1.6, float64: 1 },
  tanh: { float32: 2.6, float64: 3 },
  sigmoid: { float32: 2.4, float64: 3 },
  erf: { float32: 2.1, float64: 8 },
  pow: { float32: 0.6, float64: 2 },
};

const names = primitiveNames.filter((name): name is TranscendentalName => {
  const row = primitives[name];
  return "transcendental" in row && row.transcendental;
});
const dtypes: readonly FloatType[] = ["float32", "float64"];

const modes = [{ relaxed: false }, ...(fastestVectors().relaxed ? [{ relaxed: true }] : [])];

const file = new URL("../../../golden/math.json", import.meta.url);
const goldens = new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, Golden>));

function decode(text: string): Float64Array {
  const bytes = Buffer.from(text, "base64");
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Evaluates a function on arrays of any length. */
function evaluate<A extends FloatArray>(
  name: TranscendentalName,
  options: LoopOptions,
  inputs: readonly A[],
): A {
  const [{ constructor, length }] = inputs;
  const array = constructor as new (buffer: ArrayBufferLike, offset?: number, length?: number) => A;
  const loop = mathLoop(name, array, options);
  const result = inputs[0].slice() as A;
  for (let start = 0; start < length; start += loop.output.length) {
    const end = Math.min(start + loop.output.length, length);
    inputs.forEach((input, k) => {
      loop.inputs[k].set(input.subarray(start, end));
    });
    loop.run();
    result.set(loop.output.subarray(0, end - start), start);
  }
  return result;
}

/** The result of the reference engine, in float64. */
function reference(name: TranscendentalName, inputs: readonly FloatArray[]): Float64Array {
  const shape = [inputs[0].length];
  const data = new Float64Array(inputs[0].length);
  const tensors = inputs.map(
    (input) => ({ dtype: "float64", shape, data: Float64Array.from(input) }) as const,
  );
  primitives[name].reference(tensors, {}, { dtype: "float64", shape, data });
  return data;
}

/** Random numbers that are the same in every run. */
function randomBits(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state ^ (state >>> 15)) >>> 0;
  };
}

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

function anyFloat32(next: () => number): number {
  bits[0] = next();
  return floats[0];
}

/** The distance from a float32's exact value to its neighbours. */
function ulp(exact: number): number {
  floats[0] = Math.abs(exact);
  const exponent = bits[0] >>> 23;
  return 2 ** (Math.min(Math.max(exponent, 1), 254) - 150);
}

/** Samples: half are random bit patterns, which cover all exponents, and half are in the range where the function varies. */
function samples(name: TranscendentalName, count: number): Float32Array[] {
  const next = randomBits(name.length);
  const inRange = (size: number) => (next() / 2 ** 31 - 1) * size;
  const x = Float32Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? anyFloat32(next) : inRange([1, 10, 110][(i >> 1) % 3]),
  );
  if (primitives[name].arity === 1) return [x];
  const y = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    if (i % 2 === 1) x[i] = Math.exp(inRange([0.01, 1, 80][(i >> 1) % 3]));
    // With a base in x, most random exponents would overflow; these rarely do.
    y[i] = i % 4 === 0 ? anyFloat32(next) : inRange(100) / Math.max(Math.abs(Math.log(Math.abs(x[i]))), 0.01);
    if (i % 4 === 2) y[i] = Math.round(y[i]);
  }
  return [x, y];
}

/** The largest error of finite results in units in the last place; Infinity if one result is finite and the expected one is not, or vice versa. */
function worstFloat32(got: Float32Array, want: Float64Array): number {
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    const exact = want[i];
    if (Object.is(got[i], Math.fround(exact))) continue;
    const error = Math.abs(got[i] - exact) / ulp(exact);
    worst = Math.max(worst, Number.isFinite(error) ? error : Infinity);
  }
  return worst;
}

/** The distance between two float64 numbers, in steps from one float64 to the next. */
function steps(a: number, b: number): number {
  const [i, j] = new BigInt64Array(Float64Array.of(a, b).buffer);
  const order = (n: bigint) => (n < 0n ? -BigInt.asUintN(63, n) : n);
  return Math.abs(Number(order(i) - order(j)));
}

const special = [
  0,
  1e-45,
  3e-39,
  5e-324,
  3e-310,
  0.5,
  1,
  2,
  2.5,
  3,
  88.7,
  104,
  710,
  746,
  1e10,
  2 ** 53 - 1,
  3.4028234663852886e38,
  1e300,
  Number.MAX_VALUE,
  Infinity,
]
  .flatMap((x) => [x, -x])
  .concat(NaN);

/** Every special number, or every pair of them. */
function specialInputs(name: TranscendentalName): number[][] {
  if (primitives[name].arity === 1) return [special];
  return [special.flatMap((x) => special.map(() => x)), special.flatMap(() => special)];
}

describe.each(modes)("relaxed $relaxed", (mode) => {
  it.each(names)("%s in float32 is within its bound over all exponents", (name) => {
    const inputs = samples(name, sized({ short: 2 ** 14, long: name === "erf" ? 2 ** 17 : 2 ** 19 }));
    const got = evaluate(name, mode, inputs);
    expect(worstFloat32(got, reference(name, inputs))).toBeLessThanOrEqual(
      (measured[name] ?? promised).float32,
    );
  });

  it.each(names)("%s in float64 is within its bound on the golden values", (name) => {
    const golden = goldens.get(name);
    if (golden === undefined) throw new Error(`${name} has no golden values. ${howToWrite}`);
    const want = decode(golden.results);
    const got = evaluate(name, mode, golden.inputs.map(decode));
    expect(want.length).toBeGreaterThan(100);
    const worst = want.reduce((worst, exact, i) => Math.max(worst, steps(exact, got[i])), 0);
    expect(worst).toBeLessThanOrEqual((measured[name] ?? promised).float64);
  });

  it("tan in float64 is within one step up to 2²⁰, also next to its poles", () => {
    const { inputs, results } = goldens.get("tan")!;
    const x = decode(inputs[0]);
    const got = evaluate("tan", mode, [x]);
    const errors = [...decode(results)].flatMap((exact, i) =>
      Math.abs(x[i]) <= 2 ** 20 ? [steps(exact, got[i])] : [],
    );
    expect(errors.length).toBeGreaterThan(50);
    expect(Math.max(...errors)).toBeLessThanOrEqual(1);
  });

  describe.each(dtypes)("special cases in %s", (dtype) => {
    it.each(names)("%s", (name) => {
      const make = dtype === "float32" ? Float32Array : Float64Array;
      const inputs = specialInputs(name).map((values) => make.from(values));
      const got = evaluate<FloatArray>(name, mode, inputs);
      const want = reference(name, inputs);
      const wrong = [...got].flatMap((value, i) => {
        const exact = make.of(want[i])[0];
        // Results that are 0, infinite or NaN must be equal, including the sign; the tests above bound the others.
        const close = value !== 0 && Math.abs(value - exact) <= 1e-14 * Math.abs(exact);
        const near32 = dtype === "float32" && exact !== 0 && Math.abs(value - exact) <= 3 * ulp(exact);
        if (Object.is(value, exact) || close || near32) return [];
        return [`${name}(${inputs.map((input) => input[i]).join(", ")}) = ${value}, not ${exact}`];
      });
      expect(wrong).toEqual([]);
    });
  });
});

it("shares the constants of a function that is inlined twice", () => {
  const size = (count: number) => {
    const module = new WasmModuleBuilder({ minimum: 1, maximum: 1, shared: false });
    const library = new MathLibrary(module, roundedVectors);
    module.function({ parameters: ["i32"], result: null }, (body, address) => {
      for (let k = 0; k < count; k++) {
        body.store(
          address,
          emitElementwise("exp", "float32", {
            inputs: [v128.load(address)],
            to: "float32",
            body,
            math: library,
          }),
        );
      }
    });
    return module.finish().length;
  };
  expect(size(2) - size(1)).toBeLessThan(size(1) - size(0) - 100);
});
