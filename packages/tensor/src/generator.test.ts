import { philox4x32 } from "@stargrad/graph";
import { describe, expect, it } from "vitest";

import { defaultGenerator, Generator, manualSeed, uniform } from "./index.js";

const draws = (generator: Generator, count: number) =>
  Array.from({ length: count }, () => generator.uniform());

describe("Generator", () => {
  it("repeats with its seed, and differs with another", () => {
    expect(draws(new Generator(7), 5)).toEqual(draws(new Generator(7), 5));
    expect(draws(new Generator(7), 5)).not.toEqual(draws(new Generator(8), 5));
    expect(draws(new Generator(2 ** 32), 5)).not.toEqual(draws(new Generator(0), 5));
  });

  it("continues from a saved state, in the same or another generator", () => {
    const generator = new Generator(7);
    draws(generator, 3);
    const state = generator.state();
    expect(state).toEqual({ seed: 7, block: 3 });
    const expected = draws(generator, 4);
    generator.restore(state);
    expect(draws(generator, 4)).toEqual(expected);
    const other = new Generator(0);
    other.restore(JSON.parse(JSON.stringify(state)) as typeof state);
    expect(draws(other, 4)).toEqual(expected);
  });

  it("counts the blocks that tensors use: four words each", () => {
    const generator = new Generator(1);
    uniform([10], { generator });
    expect(generator.state().block).toBe(3);
    uniform([0], { generator });
    expect(generator.state().block).toBe(3);
  });

  it("draws 53 bits in [0, 1): the top of two Philox words", () => {
    const [high, low] = philox4x32([0, 0, 0, 0], [5, 0]);
    expect(new Generator(5).uniform()).toBe(
      Number((BigInt(high >>> 5) << 26n) | BigInt(low >>> 6)) / 2 ** 53,
    );
    const many = draws(new Generator(6), 10_000);
    expect(Math.min(...many)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...many)).toBeLessThan(1);
  });

  it("draws normal numbers of mean 0 and standard deviation 1", () => {
    const generator = new Generator(3);
    const numbers = Array.from({ length: 20_000 }, () => generator.normal());
    const mean = numbers.reduce((total, x) => total + x, 0) / numbers.length;
    const square = numbers.reduce((total, x) => total + x * x, 0) / numbers.length;
    // Five standard errors: 1/√n of the mean, √(2/n) of the mean square.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(20_000));
    expect(Math.abs(square - 1)).toBeLessThan(5 * Math.sqrt(2 / 20_000));
  });

  it.each([-1, 0.5, NaN, 2 ** 53, Infinity])("refuses the seed %d", (seed) => {
    expect(() => new Generator(seed)).toThrow(
      `Generator: got ${seed}; expected a whole number from 0 to 2⁵³ − 1`,
    );
    expect(() => {
      new Generator(0).restore({ seed: 0, block: seed });
    }).toThrow(`got ${seed}`);
  });
});

describe("permutation", () => {
  it("has every number once", () => {
    for (const count of [0, 1, 2, 100]) {
      const order = new Generator(count).permutation(count);
      expect(order).toBeInstanceOf(Int32Array);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    }
  });

  it("has every order equally often", () => {
    const generator = new Generator(11);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = generator.permutation(3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // A count of 1000 in 6000 has the standard error √(6000 · 1/6 · 5/6) = 28.9.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * 28.9);
  });

  it("throws for an invalid count", () => {
    expect(() => new Generator(0).permutation(-1)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: permutation: got -1; expected a whole number from 0 to 2²⁸]`,
    );
    expect(() => new Generator(0).permutation(2.5)).toThrow("permutation: got 2.5");
    // The process would be busy for minutes, or end for lack of memory.
    expect(() => new Generator(0).permutation(2 ** 31)).toThrow(
      "permutation: got 2147483648; expected a whole",
    );
  });
});

describe("split", () => {
  it("gives a reproducible stream that does not depend on later draws of the parent", () => {
    const [first, second] = [new Generator(7), new Generator(7)];
    const [child, sameChild] = [first.split(), second.split()];
    draws(second, 10);
    expect(draws(child, 5)).toEqual(draws(sameChild, 5));
    expect(draws(first.split(), 5)).not.toEqual(draws(first.split(), 5));
    expect(draws(child, 5)).not.toEqual(draws(first, 5));
  });
});

describe("manualSeed", () => {
  it("starts the default generator again", () => {
    manualSeed(42);
    const first = uniform([3]).toArraySync();
    manualSeed(42);
    expect(uniform([3]).toArraySync()).toEqual(first);
    expect(defaultGenerator().state()).toEqual({ seed: 42, block: 1 });
  });
});
