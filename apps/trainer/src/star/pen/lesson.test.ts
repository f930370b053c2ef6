import { describe, expect, it } from "vitest";

import { lesson, type LessonOptions, type Try } from "./lesson.js";
import { tolerance } from "./sizes.js";

const defaults = { seed: 1, tries: 1000, learningRate: 0.2, momentum: 0.9 };

async function triesOf(options: Partial<LessonOptions> = {}): Promise<Try[]> {
  const tries: Try[] = [];
  for await (const attempt of lesson({ ...defaults, ...options })) tries.push(attempt);
  return tries;
}

describe("the lesson", () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))(
    "ends with a perfect star for seed %i",
    async (seed) => {
      const tries = await triesOf({ seed });
      const misses = tries.map(({ attempt }) => Math.max(...attempt.misses));
      expect(misses.at(-1)).toBeLessThanOrEqual(tolerance);
      expect(misses.slice(0, -1).every((miss) => miss > tolerance)).toBe(true);
      expect(misses[0]).toBeGreaterThan(0.15);
      expect(tries.length).toBeLessThan(150);
    },
  );

  it("is the same lesson for the same seed", async () => {
    expect(await triesOf({ seed: 4 })).toEqual(await triesOf({ seed: 4 }));
  });

  it("explains the whole difference to the loss of the next try", async () => {
    const tries = await triesOf();
    for (const [i, { attempt, adjustment }] of tries.slice(0, -1).entries()) {
      const { paid, unexplained, moved } = adjustment!;
      expect(paid + unexplained).toBeCloseTo(attempt.mistake - tries[i + 1].attempt.mistake, 12);
      expect(Math.abs(unexplained)).toBeLessThanOrEqual(0.001 * moved);
    }
  });

  it.each([
    [1, 55],
    [2, 61],
    [3, 92],
    [4, 61],
    [5, 91],
  ])("is not changed by being explained: seed %i takes %i tries", async (seed, count) => {
    expect(await triesOf({ seed })).toHaveLength(count);
  });

  it("predicts the actual decrease of a very short step", async () => {
    const steps = lesson({ ...defaults, learningRate: 1e-4, momentum: 0 });
    const first = (await steps.next()).value as Try;
    const { promise, paid, mostBlamed } = first.adjustment!;
    expect(paid / promise).toBeCloseTo(1, 2);
    expect(mostBlamed.turn / mostBlamed.blame).toBeCloseTo(-1e-4, 7);
    await steps.return(undefined);
  });

  it("takes longer without momentum", async () => {
    expect((await triesOf({ momentum: 0 })).length).toBeGreaterThan(2 * (await triesOf()).length);
  });

  it("throws with the distance of the worst corner when no try is perfect", async () => {
    await expect(triesOf({ tries: 3 })).rejects.toThrow(
      "star: not perfect after 3 tries: the worst corner still misses by 47.4 % of the star's size, and 2 % are allowed",
    );
  });

  it.each([1e6, 1e30])("throws when the steps are too long: %d", async (learningRate) => {
    await expect(triesOf({ learningRate })).rejects.toThrow(`The learning rate ${learningRate} is too large`);
  });
});
