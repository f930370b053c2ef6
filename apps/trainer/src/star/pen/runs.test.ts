import { expect, it } from "vitest";

import { lesson } from "./lesson.js";
import { PenRun } from "./runs.js";

const usual = { seed: 1, learningRate: 0.2, momentum: 0.9 };

async function made(settings = usual, from?: { run: PenRun; try: number }): Promise<PenRun> {
  const run = new PenRun(settings, from);
  while (run.end === null) await run.step();
  return run;
}

it("makes the same tries as the lesson in the terminal, which explains each", async () => {
  const run = await made();
  const mistakes: number[] = [];
  for await (const { attempt } of lesson({ ...usual, tries: 1000 })) mistakes.push(attempt.mistake);
  expect(run.mistakes).toEqual(mistakes);
  expect(run.end).toEqual({ kind: "perfect" });
});

it("gives the same numbers for a try, whatever was looked at before", async () => {
  const run = await made();
  const before = await run.look(5);
  for (const number of [40, 1, 17]) await run.look(number);
  await run.path(12);
  await run.wiggle(3, "l3", 0.05);
  await run.prove(9, ["d2", "l10"]);
  expect(await run.look(5)).toEqual(before);
  expect(before.step?.fingerprint).toBe(await run.recorded(6));
});

it("looks at a try while the next ones are made", async () => {
  const run = new PenRun(usual);
  for (let made = 0; made < 10; made++) await run.step();
  const [scene] = await Promise.all([run.look(4), run.step(), run.step()]);
  expect(scene).toEqual(await (await made()).look(4));
  expect(run.last).toBe(12);
});

it("measures the way: what every knob paid, and the mistake at both ends", async () => {
  const run = await made();
  const [scene, path] = [await run.look(2), await run.path(2)];
  expect(path.mistakes[0]).toBeCloseTo(scene.attempt.mistake, 6);
  expect(path.mistakes.at(-1)).toBeCloseTo(scene.step!.after.mistake, 6);
  expect(path.total.at(-1)).toBeCloseTo(scene.adjustment!.paid, 12);
  // The sum of areas up to any point is what the mistake has fallen by there.
  for (const [i, total] of path.total.entries()) {
    expect(Math.abs(total - (path.mistakes[0] - path.mistakes[i]))).toBeLessThan(0.002);
  }
});

it("forks with the knobs of a try", async () => {
  const run = await made();
  const fork = await made({ ...usual, momentum: 0 }, { run, try: 10 });
  expect(fork.first).toBe(10);
  expect(await fork.recorded(10)).toBe(await run.recorded(10));
  expect(fork.mistakes[0]).toBe(run.mistakes[9]);
});

it("ends with a sentence if the steps are too long, and keeps the tries before", async () => {
  const run = await made({ ...usual, learningRate: 50 });
  expect(run.end).toMatchObject({ kind: "failed" });
  expect(run.end).toHaveProperty(
    "sentence",
    expect.stringMatching(/^In try \d+ the pen flew off the paper.*too large; try 0\.2\.$/),
  );
  expect(await run.look(1)).toHaveProperty("number", 1);
  await expect(run.look(99)).rejects.toThrow("star: got try 99; expected 1 to");
});
