import { describe, expect, it } from "vitest";

import { printedMistakes } from "../../testing/printed.js";
import { PenRun } from "./runs.js";
import { csvOf, jsonOf, programOf } from "./take-home.js";

const usual = { seed: 3, learningRate: 0.2, momentum: 0.9 };

describe("the program to take home", () => {
  const goal = Array.from({ length: 10 }, (_, i) => [Math.cos(i), Math.sin(i)] as const);
  it.each([usual, { ...usual, momentum: 0, goal }])(
    "prints the mistakes of the page: %j",
    async (settings) => {
      const run = new PenRun(settings);
      for (let tries = 0; tries < 8; tries++) await run.step();
      const program = programOf(settings, 8);
      expect(program.trim().split("\n").length).toBeLessThanOrEqual(settings === usual ? 13 : 14);
      expect(await printedMistakes(program)).toEqual(run.mistakes);
    },
  );
});

it("writes a run as CSV and as JSON", async () => {
  const run = new PenRun(usual);
  for (let tries = 0; tries < 2; tries++) await run.step();
  expect(csvOf(5, [0.5, 0.25])).toBe("try,mistake\n5,0.5\n6,0.25\n");
  const scene = await run.look(1);
  const read = JSON.parse(jsonOf(usual, 1, run.mistakes, scene)) as unknown;
  expect(read).toMatchObject({ settings: usual, mistakes: run.mistakes, try: { number: 1 } });
});
