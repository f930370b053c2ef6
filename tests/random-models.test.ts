import { describe, expect, it } from "vitest";

import { trainRandomModel } from "./random-models.js";

/** How many layers the models have; deeper ones are in random-models.long.test.ts. */
const depths = [1, 2, 3, 5, 8, 12, 16, 24, 32];

describe("a model that is drawn at random", () => {
  it.each(depths)("of %i layers learns the same recorded as in a plain loop, to the bit", (depth) => {
    const { description, plain, recorded, paused } = trainRandomModel(100 + depth, depth);
    expect(recorded, description).toEqual(plain);
    expect(paused, description).toEqual(plain);
    expect(new Set(plain.losses).size, `${description}: ${plain.losses.join(", ")}`).toBeGreaterThan(4);
  });
});
