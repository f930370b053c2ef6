import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DataLoader, distributedSampler } from "./index.js";

const draw = (items: number, options: Parameters<typeof distributedSampler>[1], epoch = 0) => {
  const sampler = distributedSampler(items, options);
  return [...sampler.order(epoch).subarray(0, sampler.length + 3)];
};

describe("distributedSampler", () => {
  it("gives every item to some rank, and equally many items to all", () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        fc.boolean(),
        (items, replicas, shuffle, dropLast) => {
          const ranks = Array.from({ length: replicas }, (_, rank) =>
            draw(items, { rank, replicas, shuffle, dropLast, seed: 3 }, 2),
          );
          expect(new Set(ranks.map((rank) => rank.length)).size).toBe(1);
          const drawn = ranks.flat();
          expect(new Set(drawn).size).toBe(dropLast ? items - (items % replicas) : items);
          expect(drawn.length - new Set(drawn).size).toBeLessThan(Math.max(1, items > 0 ? replicas : 1));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("orders the items anew by the epoch of the loader", () => {
    const options = { rank: 1, replicas: 2, seed: 5 };
    const loader = new DataLoader(
      { length: 20, batch: (picked: Int32Array) => [...picked] },
      { batchSize: 10, sampler: distributedSampler(20, options) },
    );
    const [first, second] = [[...loader].flat(), [...loader].flat()];
    expect([first, second]).toEqual([draw(20, options, 0), draw(20, options, 1)]);
    expect(first).not.toEqual(second);
  });

  it.each<[number, object, string]>([
    [5, { rank: 2, replicas: 2 }, "distributedSampler: got rank 2 of 2 replicas; expected a rank below 2"],
    [5, { rank: 0 }, "got no replicas; expected rank, replicas"],
    [5, { rank: 0, replicas: 0 }, "got replicas 0; expected a whole number of at least 1"],
    [-1, { rank: 0, replicas: 1 }, "got -1 items; expected a whole number from 0 to 2²⁸"],
  ])("refuses %d items with %o", (items, options, message) => {
    expect(() => distributedSampler(items, options as never)).toThrow(message);
  });
});
