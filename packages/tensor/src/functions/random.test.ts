import { referenceEngine } from "@stargrad/graph";
import { afterEach, describe, expect, it } from "vitest";

import {
  bernoulli,
  Generator,
  getEngine,
  normal,
  randint,
  randomBits,
  realize,
  setEngine,
  uniform,
  type Tensor,
} from "../index.js";

const count = 50_000;

/** Mean and variance of the elements, and how far samples of this size stray from the truth: one standard error of each. */
function moments(x: Tensor, kurtosis: number): { mean: number; variance: number; errors: [number, number] } {
  const data = x.dataSync();
  let [total, square] = [0, 0];
  for (const value of data) total += value;
  const mean = total / data.length;
  for (const value of data) square += (value - mean) ** 2;
  const variance = square / data.length;
  return {
    mean,
    variance,
    errors: [Math.sqrt(variance / data.length), variance * Math.sqrt((kurtosis - 1) / data.length)],
  };
}

/** Five standard errors are exceeded once in two million draws. */
function expectMoments(x: Tensor, mean: number, variance: number, kurtosis: number): void {
  const measured = moments(x, kurtosis);
  expect(Math.abs(measured.mean - mean)).toBeLessThan(5 * measured.errors[0]);
  expect(Math.abs(measured.variance - variance)).toBeLessThan(5 * measured.errors[1]);
}

describe.each(["float32", "float64"] as const)("in %s", (dtype) => {
  it("uniform fills its range evenly and stays in it", () => {
    const x = uniform([count], { low: -1, high: 3, dtype, generator: new Generator(1) });
    realize(x);
    expect(x.dtype).toBe(dtype);
    expect(x.amin().itemSync()).toBeGreaterThanOrEqual(-1);
    expect(x.amax().itemSync()).toBeLessThan(3);
    expectMoments(x, 1, 16 / 12, 9 / 5);
    const tenths = new Array<number>(10).fill(0);
    for (const value of x.dataSync()) tenths[Math.floor(((value + 1) / 4) * 10)]++;
    const error = Math.sqrt(count * 0.1 * 0.9);
    for (const each of tenths) expect(Math.abs(each - count / 10)).toBeLessThan(5 * error);
  });

  it("normal has the moments and the tails of the normal distribution", () => {
    const x = normal([count], { mean: 2, std: 3, dtype, generator: new Generator(2) });
    realize(x);
    expect(x.dtype).toBe(dtype);
    expectMoments(x, 2, 9, 3);
    const standard = x.sub(2).div(3);
    for (const [bound, share] of [
      [1, 0.31731],
      [2, 0.0455],
      [3, 0.0027],
    ]) {
      const beyond = standard.abs().greater(bound).sum().itemSync();
      expect(Math.abs(beyond - count * share)).toBeLessThan(5 * Math.sqrt(count * share * (1 - share)));
    }
    // Skewness: the third moment of n numbers has the standard error √(15/n).
    expect(Math.abs(standard.pow(3).mean().itemSync())).toBeLessThan(5 * Math.sqrt(15 / count));
  });

  it("normal has no bias over many seeds", () => {
    const squares = Array.from({ length: 25 }, (_, seed) =>
      normal([2000], { dtype, generator: new Generator(seed) })
        .square()
        .mean()
        .itemSync(),
    );
    const mean = squares.reduce((total, x) => total + x, 0) / squares.length;
    expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt(2 / 50_000));
  });

  it("neighbours, and draws one after another, are independent", () => {
    const generator = new Generator(3);
    const [x, y] = [normal([count], { dtype, generator }), normal([count], { dtype, generator })];
    realize(x, y);
    const bound = 5 / Math.sqrt(count);
    expect(Math.abs(x.mul(y).mean().itemSync())).toBeLessThan(bound);
    for (const lag of [1, 2, 4]) {
      const product = x.narrow(0, lag, count - lag).mul(x.narrow(0, 0, count - lag));
      expect(Math.abs(product.mean().itemSync())).toBeLessThan(bound);
    }
  });
});

describe("uniform", () => {
  it("uses every bit of a float32 or float64 between 0 and 1", () => {
    const single = uniform([1000], { generator: new Generator(4) }).dataSync();
    expect(single.every((x) => Number.isInteger(x * 2 ** 24))).toBe(true);
    expect(single.some((x) => !Number.isInteger(x * 2 ** 23))).toBe(true);
    const double = uniform([1000], { dtype: "float64", generator: new Generator(4) }).dataSync();
    expect(double.every((x) => Number.isInteger(x * 2 ** 53))).toBe(true);
    expect(double.some((x) => !Number.isInteger(x * 2 ** 52))).toBe(true);
  });

  it("is low if low equals high", () => {
    expect(uniform([2], { low: 3, high: 3 }).toArraySync()).toEqual([3, 3]);
  });
});

describe("randint", () => {
  it("draws every whole number of its range equally often, and no other", () => {
    const x = randint([count], { low: -2, high: 3, generator: new Generator(5) });
    expect(x.dtype).toBe("int32");
    const counts = new Map<number, number>();
    for (const value of x.dataSync()) counts.set(value, (counts.get(value) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    const error = Math.sqrt(count * 0.2 * 0.8);
    for (const each of counts.values()) expect(Math.abs(each - count / 5)).toBeLessThan(5 * error);
  });

  it("covers all of int32", () => {
    const x = randint([1000], { low: -(2 ** 31), high: 2 ** 31, generator: new Generator(6) });
    expect(x.amin().itemSync()).toBeLessThan(-(2 ** 31) * 0.98);
    expect(x.amax().itemSync()).toBeGreaterThan(2 ** 31 * 0.98);
    expect(x.dataSync().some((value) => value % 2 !== 0)).toBe(true);
  });
});

describe("bernoulli", () => {
  it("is true with the given probability; always for 1 and never for 0", () => {
    const x = bernoulli([count], { probability: 0.3, generator: new Generator(7) });
    expect(x.dtype).toBe("bool");
    expect(Math.abs(x.sum().itemSync() - count * 0.3)).toBeLessThan(5 * Math.sqrt(count * 0.3 * 0.7));
    expect(bernoulli([1000], { probability: 0 }).any().itemSync()).toBe(0);
    expect(bernoulli([1000], { probability: 1 }).all().itemSync()).toBe(1);
  });
});

describe("randomBits", () => {
  it("sets every bit half of the time", () => {
    const words = randomBits([10_000], { generator: new Generator(8) }).dataSync();
    for (let bit = 0; bit < 32; bit++) {
      const set = words.filter((word) => ((word >>> bit) & 1) === 1).length;
      expect(Math.abs(set - 5000), `bit ${bit}`).toBeLessThan(5 * Math.sqrt(10_000 / 4));
    }
  });
});

describe("a draw", () => {
  it("is determined when it is called, not when it is read", () => {
    const generator = new Generator(9);
    const [first, second] = [uniform([3], { generator }), uniform([3], { generator })];
    const later = second.toArraySync();
    const again = new Generator(9);
    expect(first.toArraySync()).toEqual(uniform([3], { generator: again }).toArraySync());
    expect(later).toEqual(uniform([3], { generator: again }).toArraySync());
  });
});

describe("messages", () => {
  it("say what was got and what was expected", () => {
    expect(() => uniform([2], { low: 1, high: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: uniform: got low 1 and high 0; expected low ≤ high]`,
    );
    expect(() => uniform([2], { high: NaN })).toThrow("uniform: got high NaN; expected a finite number");
    expect(() => uniform([-1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: uniform: got the shape [-1]; every axis must be a whole number of at least 0]`,
    );
    expect(() => normal([2.5])).toThrow("normal: got the shape [2.5]");
    expect(() => normal([2], { std: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: normal: got std -1; expected a finite number of at least 0]`,
    );
    expect(() => randint([2], { high: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: randint: got low 0 and high 0; expected whole numbers from −2³¹ to 2³¹ with low < high]`,
    );
    expect(() => randint([2], { high: 2 ** 31 + 1 })).toThrow("randint: got low 0 and high 2147483649");
    expect(() => randint([2], { high: 2.5 })).toThrow("randint: got low 0 and high 2.5");
    expect(() => bernoulli([2], { probability: 1.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: bernoulli: got probability 1.5; expected a number from 0 to 1]`,
    );
  });
});

describe("on both engines", () => {
  const usual = getEngine();
  afterEach(() => {
    setEngine(usual);
  });

  function onBoth(draw: (generator: Generator) => Tensor): ArrayLike<number>[] {
    return [usual, referenceEngine].map((engine) => {
      setEngine(engine);
      return draw(new Generator(3)).dataSync();
    });
  }

  it.each<[string, (generator: Generator) => Tensor]>([
    ["randomBits", (generator) => randomBits([999], { generator })],
    ["uniform", (generator) => uniform([999], { low: -0.3, high: 0.7, generator })],
    [
      "uniform in float64",
      (generator) => uniform([999], { low: -0.3, high: 0.7, dtype: "float64", generator }),
    ],
    ["randint", (generator) => randint([999], { high: 1000, generator })],
    ["bernoulli", (generator) => bernoulli([999], { probability: 0.3, generator })],
  ])("%s gives the same bits", (_, draw) => {
    const [fast, reference] = onBoth(draw);
    expect(fast).toEqual(reference);
  });

  it.each([
    ["float32", 1e-6],
    ["float64", 4e-15],
  ] as const)("normal in %s differs in the last digits only", (dtype, relative) => {
    const [fast, reference] = onBoth((generator) => normal([9999], { dtype, generator }));
    const errors = Array.from(fast, (x, i) => Math.abs(x / reference[i] - 1));
    expect(Math.max(...errors)).toBeLessThan(relative);
  });
});
