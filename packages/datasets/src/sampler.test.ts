import { ArgumentError } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { DataLoader, randomSampler } from "./index.js";

describe("randomSampler", () => {
  it("draws the given number of items from all of them, with replacement", () => {
    const order = randomSampler(10, { draws: 1000, seed: 1 }).order(0).subarray(0, 2000);
    expect(order.length).toBe(1000);
    const counts = new Array<number>(10).fill(0);
    for (const item of order) counts[item]++;
    // 100 of each are expected; five standard deviations are 47.
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(47);
  });

  it("draws the same items for the same seed and epoch, and others for another", () => {
    const draw = (seed: number, epoch: number) => [
      ...randomSampler(1000, { draws: 20, seed }).order(epoch).subarray(0, 20),
    ];
    expect(draw(1, 2)).toEqual(draw(1, 2));
    expect(draw(1, 2)).not.toEqual(draw(1, 3));
    expect(draw(1, 2)).not.toEqual(draw(2, 2));
  });

  it("decides the length of a loader's epoch, and a restored loader continues at its position", () => {
    const make = () =>
      new DataLoader(
        { length: 50, batch: (indices: Int32Array) => [...indices] },
        { batchSize: 4, sampler: randomSampler(50, { draws: 80, seed: 3 }) },
      );
    const whole = [...make()];
    expect(whole.length).toBe(20);

    const first = make();
    const seen: number[][] = [];
    for (const batch of first) {
      seen.push(batch);
      if (seen.length === 7) break;
    }
    const second = make();
    second.restore(first.state());
    expect([...seen, ...second]).toEqual(whole);
  });

  it("draws any part of an epoch without the draws before it, however long the epoch is", () => {
    const sampler = randomSampler(2 ** 31, { draws: 2 ** 40, seed: 5 });
    expect(sampler.length).toBe(2 ** 40);
    const draws = sampler.order(3);
    const start = [...draws.subarray(0, 30)];
    expect([...draws.subarray(20, 30), ...draws.subarray(0, 20)]).toEqual([
      ...start.slice(20),
      ...start.slice(0, 20),
    ]);
    expect(draws.subarray(2 ** 40 - 3, 2 ** 40 + 5).length).toBe(3);
    expect(draws.subarray(2 ** 40 + 1, 2 ** 40 + 5).length).toBe(0);
    for (const index of draws.subarray(2 ** 39, 2 ** 39 + 1000)) expect(index).toBeGreaterThanOrEqual(0);
  });

  it("rejects wrong numbers of items and draws", () => {
    for (const [items, draws] of [
      [0, 1],
      [1.5, 1],
      [2 ** 31 + 1, 1],
      [3, -1],
      [3, NaN],
    ]) {
      expect(() => randomSampler(items, { draws })).toThrow(ArgumentError);
    }
  });
});
