import { expect, it } from "vitest";

import { printedMistakes } from "../../testing/printed.js";
import { BrainRun } from "./runs.js";
import { usual, type BrainSettings } from "./sizes.js";
import { programOf } from "./take-home.js";

const cases: readonly (readonly [string, BrainSettings])[] = [
  ["as usual", usual],
  [
    "pushed sigmoids, with SGD",
    { ...usual, seed: 5, activation: "sigmoid", start: "pushed", optimizer: "sgd" },
  ],
  ["ReLU, from zero", { ...usual, activation: "relu", start: "zero", learningRate: 0.1 }],
];

it.each(cases)("prints the mistakes of the page, as a program: %s", async (_, settings) => {
  const run = new BrainRun(settings);
  for (let tries = 0; tries < 4; tries++) await run.step();
  expect(await printedMistakes(programOf(settings, 4))).toEqual(run.mistakes);
});
