import { referenceEngine, type Engine } from "@stargrad/graph";
import { afterEach, describe, expect, it } from "vitest";
import { Generator, getEngine, randint, setEngine, tensor, type Tensor } from "../index.js";

const engine = getEngine();
afterEach(() => {
  setEngine(engine);
});

/** A reference engine that declares no float64, and checks that no program uses it. */
const narrow: Engine = {
  name: "narrow",
  capabilities: { dtypes: ["bool", "int32", "float32"], synchronous: true },
  prepare(outputs) {
    const { leaves, ...program } = referenceEngine.prepare(outputs);
    if ([...leaves, ...outputs].some(({ dtype }) => dtype === "float64")) throw new Error("got float64");
    return { leaves, ...program };
  },
};

/** The results of f on both engines. */
function both(f: () => Tensor): (readonly number[])[] {
  return [narrow, referenceEngine].map((each) => {
    setEngine(each);
    return [...f().dataSync()];
  });
}

const extremes = [
  0,
  1,
  -1,
  2,
  -2,
  3,
  -3,
  7,
  -7,
  10,
  1000,
  -1001,
  65_535,
  65_536,
  -65_537,
  2 ** 23,
  2 ** 24 + 1,
  -(2 ** 24) - 1,
  2 ** 30,
  2 ** 30 + 1,
  -(2 ** 30) - 1,
  2 ** 31 - 1,
  2 ** 31 - 2,
  -(2 ** 31),
  -(2 ** 31) + 1,
];

describe("floorDivide of int32 without float64", () => {
  it("is exact at the ends of the range and of what float32 holds", () => {
    const [a, b] = extremes
      .flatMap((x) => extremes.flatMap((y) => (y === 0 ? [] : [[x, y]])))
      .reduce<number[][]>(
        ([xs, ys], [x, y]) => [
          [...xs, x],
          [...ys, y],
        ],
        [[], []],
      );
    setEngine(narrow);
    const got = tensor(a, { dtype: "int32" }).floorDivide(tensor(b, { dtype: "int32" }));
    // −2³¹ / −1 is the only quotient that int32 cannot hold.
    const pairs = a.flatMap((x, i) => (x === -(2 ** 31) && b[i] === -1 ? [] : [i]));
    const values = got.dataSync();
    expect(pairs.map((i) => values[i])).toEqual(pairs.map((i) => Math.floor(a[i] / b[i]) + 0));
  });

  it("is exact for numbers of all sizes", () => {
    const generator = new Generator(1);
    const sized = (): number =>
      Math.floor((generator.uniform() - 0.5) * 2 ** (1 + Math.floor(generator.uniform() * 32)));
    const a = Int32Array.from({ length: 20_000 }, sized);
    const b = Int32Array.from({ length: 20_000 }, () => sized() || 1);
    setEngine(narrow);
    const got = tensor(a).floorDivide(tensor(b)).dataSync();
    expect([...got]).toEqual(Array.from(a, (x, i) => Math.floor(x / b[i]) | 0));
  });

  it("throws for a divisor of 0", () => {
    setEngine(narrow);
    const quotient = tensor([1, 2], { dtype: "int32" }).floorDivide(tensor([1, 0], { dtype: "int32" }));
    expect(() => quotient.dataSync()).toThrow("mod");
  });
});

describe("randint without float64", () => {
  it.each([
    [0, 1],
    [0, 2],
    [0, 3],
    [-5, 12],
    [0, 256],
    [7, 1000],
    [-100_000, 1_000_003],
    [0, 2 ** 24 + 1],
    [-(2 ** 31), 2 ** 31],
    [-(2 ** 31), -(2 ** 31) + 70_000],
  ])("draws from %i up to %i what it draws with float64", (low, high) => {
    const [got, expected] = both(() => randint([5000], { low, high, generator: new Generator(3) }));
    expect(got).toEqual(expected);
  });
});

describe("erfinv without float64", () => {
  it("is as near as float32 can be", () => {
    const x = Float32Array.from({ length: 2001 }, (_, i) => (i - 1000) / 1000);
    const [got, expected] = both(() => tensor(x).erfinv());
    for (const [i, value] of expected.entries()) {
      if (Number.isFinite(value))
        expect(Math.abs(got[i] - value)).toBeLessThanOrEqual(4e-7 * Math.max(1, Math.abs(value)));
      else expect(got[i]).toBe(value);
    }
  });
});
