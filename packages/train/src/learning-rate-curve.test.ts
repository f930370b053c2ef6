import { Generator } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { curveOf } from "./learning-rate-curve.js";

/** Rates of 1e-7 to 10, and losses that fall from 1 to 0.2 around 1e-2, and rise beyond 1. */
const rates = Array.from({ length: 100 }, (_, i) => 1e-7 * 1e8 ** (i / 99));
const lossOf = (rate: number): number => 0.2 + 0.8 / (1 + (rate / 1e-2) ** 2) + rate ** 2;

describe("curveOf", () => {
  it("suggests the rate at which the loss has fallen halfway", () => {
    const { suggestion, smoothed } = curveOf(rates, rates.map(lossOf));
    expect(suggestion).toBeGreaterThan(0.7e-2);
    expect(suggestion).toBeLessThan(1.4e-2);
    expect(smoothed).toHaveLength(100);
    expect(Math.abs(smoothed[0] - 1)).toBeLessThan(1e-9);
  });

  it("suggests the same if batches differ by as much as the loss falls", () => {
    for (let phase = 0; phase < 15; phase++) {
      const noisy = rates.map((rate, i) => lossOf(rate) + 0.4 * Math.sin(7 * (i + phase)));
      const { suggestion } = curveOf(rates, noisy);
      expect(suggestion).toBeGreaterThan(0.5e-2);
      expect(suggestion).toBeLessThan(2e-2);
    }
  });

  it("suggests nothing if the loss rises, stays, or falls no further than its noise", () => {
    expect(curveOf([1, 2, 3], [1, 2, 3]).suggestion).toBeNull();
    expect(curveOf([1, 2, 3], [1, 1, 1]).suggestion).toBeNull();
    expect(curveOf([1], [1]).suggestion).toBeNull();
    expect(curveOf([], [])).toEqual({ rates: [], losses: [], smoothed: [], suggestion: null });
    for (let seed = 0; seed < 15; seed++) {
      const generator = new Generator(seed);
      const noise = rates.map(() => 1 + 0.4 * generator.normal());
      expect(curveOf(rates, noise).suggestion).toBeNull();
    }
  });

  it("suggests a rate on a short curve", () => {
    expect(curveOf([1, 2, 3, 4, 5], [9, 8.9, 5, 2, 2]).suggestion).toBe(2);
  });
});
