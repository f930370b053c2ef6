import { beforeAll, expect, it } from "vitest";

import { stages } from "../web/stages.js";
import { levels } from "../words/levels.js";
import { decimal, percent, short } from "../words/numbers.js";
import { blameSum, placeSum, surpriseSum, turnSum, voteSum } from "./arithmetic.js";
import { CatRun } from "./runs.js";
import type { Scene } from "./scene.js";
import { mostBlamed, nameOf, placeOf, plainWordsFor, saidBy, turnedMost, wordsFor } from "./words.js";

let scene: Scene;

beforeAll(async () => {
  const run = new CatRun({ seed: 1, learningRate: 0.004 });
  while (run.last < 3) await run.step();
  scene = await run.look(3, 485);
});

it("tells the answer, what the net says, and the surprise", () => {
  const says = `${["cat", "dog"][saidBy(scene)]} ${decimal(scene.p[saidBy(scene)], 2)}`;
  const words = plainWordsFor(scene, "Mistake", "kid");
  expect(words).toContain(`It says ${says}. The answer is dog`);
  expect(words).toContain(percent(scene.p[1], 1));
  expect(words).toContain(short(scene.surprise));
  expect(plainWordsFor(scene, "Goal", "kid")).toContain("It has made 2 steps.");
});

it("blames a pixel and a filter in the direction of their slopes", () => {
  const pixel = scene.blame.wish;
  const words = plainWordsFor(scene, "Blame", "kid");
  expect(words).toContain(`${scene.blame.pixels[pixel] < 0 ? "Add ink" : "Erase"} at ${placeOf(pixel)}`);
  expect(words).toContain(nameOf(mostBlamed(scene)));
});

it("links numbers only to marks that a page has", () => {
  const known = /^(votes|picture|surprise|promise|paid|batch|filters|next|x\d+|[fg]\d+|w\d+-\d+)$/;
  for (const { name } of stages) {
    for (const level of levels) {
      const words = wordsFor(scene, name, level);
      const marks = words.flatMap((part) => (typeof part === "string" ? [] : [part.mark]));
      for (const mark of marks) expect(mark, `${level}, ${name}`).toMatch(known);
      expect(plainWordsFor(scene, name, level)).not.toMatch(/undefined|NaN|\[object/);
    }
  }
});

it("shows the arithmetic down to single multiplications", () => {
  const { filter, weight } = turnedMost(scene);
  for (const lines of [
    placeSum(scene, 3),
    voteSum(scene),
    surpriseSum(scene),
    blameSum(scene, `x${scene.blame.strongest[0]}`),
    blameSum(scene, "g4"),
    turnSum(scene, filter + 1, weight),
  ]) {
    expect(lines.at(-1)).toHaveProperty("isResult", true);
    expect(JSON.stringify(lines)).not.toMatch(/undefined|NaN/);
  }
  expect(placeSum(scene, 3).at(-1)?.steps).toEqual([`= ${decimal(scene.places[2].sum)}`]);
  expect(voteSum(scene).at(-1)?.steps.at(-1)).toBe(`= ${decimal(scene.p[1], 4)}`);
});
