import { describe, expect, it } from "vitest";
import { randomModel, trainInAllWays } from "./random-models.js";
import { expectLearning } from "./trainings.js";

/** Seeds, and the number of layers of each seed's model: from 1 to 200. */
const models = Array.from({ length: 40 }, (_, i) => [i, 1 + Math.floor((199 * i * i) / 39 ** 2)] as const);

describe("a random model", () => {
  it.each(models)(
    "seed %i, of %i layers learns the same recorded as in a plain loop, to the bit",
    { timeout: 600_000 },
    (seed, depth) => {
      const make = () => randomModel(seed, depth);
      const { description } = make();
      const { plain, recorded, paused } = trainInAllWays(make);
      expect(recorded, description).toEqual(plain);
      expect(paused, description).toEqual(plain);
      expectLearning(plain, description);
    },
  );
});
