import { describe, expect, it } from "vitest";

import { enough, goal, lesson, type LessonOptions, type Try } from "./lesson.js";

async function triesOf(options: Partial<LessonOptions> = {}): Promise<Try[]> {
  const tries: Try[] = [];
  for await (const attempt of lesson({ seed: 1, tries: 1000, learningRate: 0.02, ...options }))
    tries.push(attempt);
  return tries;
}

// The tests take long, because each of hundreds of tries is explained.
describe("the brain's lesson", () => {
  it.each([1, 2, 3, 4, 5])("ends with 99 percent of the pixels right for seed %i", async (seed) => {
    const tries = await triesOf({ seed });
    const shares = tries.map(({ attempt }) => attempt.right / goal.length);
    expect(shares.at(-1)).toBeGreaterThanOrEqual(enough);
    expect(shares.slice(0, -1).every((share) => share < enough)).toBe(true);
    expect(tries.length).toBeLessThan(500);
    expect(tries.slice(0, 10).some(({ attempt }) => !attempt.ink.includes(true))).toBe(true);
  });

  it("explains the whole difference to the loss of the next try", async () => {
    const tries = await triesOf({ seed: 6 });
    for (const [i, { attempt, adjustment }] of tries.slice(0, -1).entries()) {
      const { paid, unexplained, moved, knobs } = adjustment!;
      expect(paid + unexplained).toBeCloseTo(attempt.mistake - tries[i + 1].attempt.mistake, 12);
      expect(Math.abs(unexplained)).toBeLessThanOrEqual(0.001 * moved);
      expect(knobs).toBe(337);
    }
  });

  it("throws with the share of correct pixels when no try is good enough", async () => {
    await expect(triesOf({ tries: 1 })).rejects.toThrow(
      "star: not good enough after 1 try: 73.2 % of the pixels are right, and 99 % are needed",
    );
  });

  it("throws when the steps are too long", async () => {
    await expect(triesOf({ learningRate: 1e30 })).rejects.toThrow("The learning rate 1e+30 is too large");
  });
});
