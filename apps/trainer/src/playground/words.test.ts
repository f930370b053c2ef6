import { expect, it } from "vitest";

import { stages } from "../web/stages.js";
import { levels } from "../words/levels.js";
import { linkBlameSum, surpriseSum, turnSum, valueSum } from "./arithmetic.js";
import { linkMark, linkOfMark, neuronMark, neuronOf, pointMark, pointOfMark } from "./names.js";
import { PlayRun } from "./runs.js";
import { usual } from "./settings.js";
import { plainWordsFor } from "./words.js";

it("tells every stage at every level, with numbers and without gaps", async () => {
  const run = await PlayRun.begin({ ...usual, shift: -8, layers: [{ width: 4, activation: "relu" }] });
  for (let made = 0; made < 3; made++) await run.step();
  const scene = await run.look(2);
  for (const { name } of stages) {
    for (const level of levels) {
      const words = plainWordsFor(scene, name, level);
      expect(words).toMatch(/\d/);
      expect(words).not.toMatch(/undefined|NaN|null/);
    }
  }
  expect(plainWordsFor(scene, "Blame", "kid")).toContain("4 of 4 neurons let less than 1 % of it through.");
  expect(plainWordsFor(scene, "Goal", "kid")).toContain("160 points; the 40 hollow ones");
});

it("breaks numbers down to multiplications", async () => {
  const run = await PlayRun.begin({ ...usual, optimizer: "sgd", learningRate: 0.1 });
  for (let made = 0; made < 3; made++) await run.step();
  const scene = await run.look(2, 4);
  const text = (lines: ReturnType<typeof surpriseSum>): string =>
    lines.flatMap(({ steps }) => steps).join(" ");
  expect(valueSum(scene, { layer: 1, neuron: 2 })).toHaveLength(5);
  expect(text(valueSum(scene, { layer: 1, neuron: 2 }))).toMatch(/× .* = .*tanh\(/);
  expect(text(surpriseSum(scene))).toContain("−ln");
  expect(text(linkBlameSum(scene, { layer: 1, neuron: 0, from: 3 }))).toMatch(/= [+−]\d\.\d{4}/);
  expect(text(turnSum(scene, { layer: 1, neuron: 0, from: 3 }))).toContain("−0.1 ×");
});

it("names marks so that they are found again", () => {
  const link = { layer: 1, neuron: 4, from: 2 };
  expect(linkOfMark(linkMark(link))).toEqual(link);
  expect(linkOfMark(linkMark({ ...link, from: -1 }))).toEqual({ ...link, from: -1 });
  expect(neuronOf(neuronMark({ layer: 2, neuron: 3 }))).toEqual({ layer: 2, neuron: 3 });
  expect(pointOfMark(pointMark(7))).toBe(7);
  expect([linkOfMark("n1-2"), neuronOf("w1-2-3"), pointOfMark("net"), neuronOf(null)]).toEqual([
    null,
    null,
    null,
    null,
  ]);
});
