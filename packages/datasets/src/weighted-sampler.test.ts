import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { balancedSampler, DataLoader, weightedSampler, type Sampler } from "./index.js";

const draw = (sampler: Sampler, epoch = 0) => [...sampler.order(epoch).subarray(0, sampler.length)];

/** Σ (observed − expected)² / expected of the counts of values below `expected.length`. */
function chiSquare(values: readonly number[], expected: readonly number[]): number {
  const counts = expected.map((_, value) => values.filter((each) => each === value).length);
  return expected.reduce((sum, each, value) => sum + (counts[value] - each) ** 2 / each, 0);
}

// The 99.9th percentiles of the chi-square distribution with 1 to 5 degrees of freedom.
const limits = [10.83, 13.82, 16.27, 18.47, 20.52];

describe("weightedSampler", () => {
  it("draws in proportion to the weights", () => {
    const weights = [1, 2, 3, 4];
    const drawn = draw(weightedSampler(weights, { draws: 10_000, seed: 3 }));
    expect(chiSquare(drawn, [1000, 2000, 3000, 4000])).toBeLessThan(limits[2]);
    // The test would see a change of the weights.
    expect(chiSquare(drawn, [1200, 1800, 3000, 4000])).toBeGreaterThan(limits[2]);
  });

  it("draws in proportion to weights whose sum is no number", () => {
    const drawn = draw(weightedSampler([1e308, 1e308, 0, 1.5e308], { draws: 3000, seed: 2 }));
    const few = drawn.map((item) => (item === 3 ? 2 : item));
    expect(drawn).not.toContain(2);
    expect(chiSquare(few, [6000 / 7, 6000 / 7, 9000 / 7])).toBeLessThan(limits[1]);
  });

  it("never draws an item without a weight, with and without replacement", () => {
    for (const replacement of [true, false]) {
      const drawn = draw(weightedSampler([0, 1e-9, 0, 1e9, 0], { draws: 2, replacement, seed: 1 }));
      expect(drawn.every((item) => item === 1 || item === 3)).toBe(true);
    }
    const many = draw(weightedSampler(tensor([0, 1, 0, 1, 0]), { draws: 5000 }));
    expect(new Set(many)).toEqual(new Set([1, 3]));
  });

  it("draws the first and the second item as often as without replacement is right", () => {
    // P(first = i) = wᵢ, P(second = j) = Σ over i of wᵢ wⱼ / (1 − wᵢ)
    const weights = [0.5, 0.3, 0.2];
    const sampler = weightedSampler(weights, { draws: 3, replacement: false, seed: 5 });
    const epochs = Array.from({ length: 6000 }, (_, epoch) => draw(sampler, epoch));
    for (const items of epochs) expect([...items].sort()).toEqual([0, 1, 2]);
    const firsts = epochs.map(([first]) => first);
    const seconds = epochs.map(([, second]) => second);
    const second = weights.map((own, j) =>
      weights.reduce((sum, before, i) => sum + (i === j ? 0 : (before * own) / (1 - before)), 0),
    );
    expect(
      chiSquare(
        firsts,
        weights.map((p) => 6000 * p),
      ),
    ).toBeLessThan(limits[1]);
    expect(
      chiSquare(
        seconds,
        second.map((p) => 6000 * p),
      ),
    ).toBeLessThan(limits[1]);
  });

  it("depends on the seed and the epoch, and a restored loader continues", () => {
    for (const replacement of [true, false]) {
      const sampler = weightedSampler(
        Array.from({ length: 40 }, (_, i) => i + 1),
        { replacement, seed: 2 },
      );
      expect(draw(sampler, 1)).toEqual(draw(sampler, 1));
      expect(draw(sampler, 1)).not.toEqual(draw(sampler, 0));
      const make = () =>
        new DataLoader({ length: 40, batch: (picked: Int32Array) => [...picked] }, { batchSize: 7, sampler });
      const whole = [...make()];
      const resumed = make();
      resumed.restore({ ...resumed.state(), position: 2 });
      expect([...resumed]).toEqual(whole.slice(2));
    }
  });

  it.each<[unknown, object, string]>([
    [[1, -1], {}, "weightedSampler: got the weight -1 of item 1; expected a finite number of at least 0"],
    [[NaN], {}, "got the weight NaN of item 0"],
    [[0, 0], {}, "got 2 draws from 0 items with a weight above 0. Give some item a weight"],
    [[1, 0, 1], { replacement: false }, "got 3 draws without replacement from 2 items with a weight above 0"],
    [tensor([[1]]), {}, "got weights of shape [1, 1]; expected [N]"],
    [3, {}, "got 3; expected a list of weights"],
    [[1], { draws: -1 }, "got draws -1; expected a whole number of at least 0"],
  ])("refuses %o with %o", (weights, options, message) => {
    expect(() => weightedSampler(weights as number[], options)).toThrow(message);
  });

  it("draws nothing from nothing", () => {
    expect(draw(weightedSampler([]))).toEqual([]);
  });
});

describe("balancedSampler", () => {
  it("draws all classes equally often, and the items of a class too", () => {
    const labels = [...Array<string>(90).fill("many"), ...Array<string>(9).fill("some"), "one"];
    const drawn = draw(balancedSampler(labels, { draws: 9000, seed: 4 }));
    const classes = drawn.map((index) => ["many", "some", "one"].indexOf(labels[index]));
    expect(chiSquare(classes, [3000, 3000, 3000])).toBeLessThan(limits[1]);
    const some = drawn.filter((index) => labels[index] === "some").map((index) => (index - 90) % 3);
    expect(chiSquare(some, [some.length / 3, some.length / 3, some.length / 3])).toBeLessThan(limits[1]);
    expect(balancedSampler(tensor([0, 1, 1], { dtype: "int32" })).length).toBe(3);
  });

  it("refuses what are no labels", () => {
    expect(() => balancedSampler([1, null as never])).toThrow(
      "balancedSampler: got the label null of item 1",
    );
    expect(() => balancedSampler([], { draws: 1 })).toThrow("balancedSampler: got 1 draws from 0 items");
  });
});
