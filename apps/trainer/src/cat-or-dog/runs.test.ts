import { catsAndDogs } from "@stargrad/datasets";
import { beforeAll, describe, expect, it } from "vitest";

import { heldOut, learned } from "./drawings.js";
import { History } from "./history.js";
import { CatRun } from "./runs.js";
import { batchSize, filterLayers, side } from "./sizes.js";
import { CatTraining, type CatState } from "./training.js";

const usual = { seed: 1, learningRate: 0.004 };
const steps = 26;

/** A run that has made some steps. */
async function made(settings = usual): Promise<CatRun> {
  const run = new CatRun(settings);
  while (run.last < steps) await run.step();
  return run;
}

describe("a run", () => {
  let run: CatRun;
  beforeAll(async () => {
    run = await made();
  });

  it("learns from the drawings of catsAndDogs, and is tested on others", () => {
    for (const [drawings, seed] of [
      [learned, 1],
      [heldOut, 1001],
    ] as const) {
      const { x, y } = catsAndDogs({ samples: 5, size: side, seed }).all();
      const batch = drawings.batch([0, 1, 2, 3, 4]);
      expect(batch.x.dataSync()).toEqual(x.dataSync());
      expect([...batch.y.dataSync()]).toEqual([...y.dataSync()]);
    }
  });

  it("makes the same steps as one in which each is explained", async () => {
    const training = new CatTraining(usual);
    const mistakes: number[] = [];
    for (let number = 1; number <= 5; number++) mistakes.push((await training.explain(number)).lossBefore);
    expect(run.mistakes.slice(0, 5)).toEqual(mistakes);
  });

  it("gives the same numbers for a step, whatever was looked at before", async () => {
    const before = await run.look(14, 3);
    for (const number of [25, 1, 11]) await run.look(number, 8);
    await run.prove(12, 3, "x400");
    await run.wiggle(9, 3, 30, 0.1);
    expect(await run.look(14, 3)).toEqual(before);
    for (const number of [1, 10, 13, 25]) {
      const { step } = await run.look(number, 7);
      expect(step.fingerprint).toBe(run.recorded(number + 1));
      expect(step.mistakes[0]).toBe(run.mistakes[number - 1]);
    }
  });

  it("looks at a step while the next ones are made, and answers at any time", async () => {
    const going = new CatRun(usual);
    while (going.last < 8) await going.step();
    const [scene] = await Promise.all([going.look(4, 5), going.step(), going.step()]);
    expect(scene).toEqual(await run.look(4, 5));
    const now = await going.answerNow(5);
    expect(now.after).toBe(10);
    expect(now.p).toEqual((await run.look(11, 5)).p);
  });

  it("adds up: what all layers and filters paid is what the drawings of the step gained", async () => {
    const { step } = await run.look(17, 0);
    const { credit, layers, filters, mistakes, drawings, before, after } = step;
    expect(drawings).toHaveLength(batchSize);
    expect(layers.reduce((sum, { paid }) => sum + paid, 0)).toBeCloseTo(credit.paid, 10);
    expect(layers.map(({ weights }) => weights)).toEqual([208, 3216, 1570]);
    for (const layer of [0, 1] as const) {
      expect(filters[layer]).toHaveLength(filterLayers[layer].filters);
      expect(filters[layer].reduce((sum, { paid }) => sum + paid, 0)).toBeCloseTo(layers[layer].paid, 10);
    }
    expect(mistakes[0] - mistakes[1] - credit.paid).toBeCloseTo(credit.unexplained, 10);
    expect(Math.abs(credit.unexplained)).toBeLessThanOrEqual(0.001 * credit.moved);
    const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / batchSize;
    expect(mean(before)).toBeCloseTo(mistakes[0], 5);
    expect(mean(after)).toBeCloseTo(mistakes[1], 5);
  });

  it("can be proved: measured slopes are the blame of pixels, weights and volumes", async () => {
    const { blame, surprise } = await run.look(21, 1);
    const [first] = blame.strongest;
    const at: [string, number][] = [
      [`x${first}`, blame.pixels[first]],
      ["w2-7", blame.weights[25 + 7]],
      ["f5", blame.volumes[0][4]],
      ["g16", blame.volumes[1][15]],
    ];
    for (const [mark, slope] of at) {
      const proof = await run.prove(21, 1, mark);
      expect(proof.blame, mark).toBeCloseTo(slope, 5);
      expect(Math.abs(proof.slope - slope), mark).toBeLessThan(0.03 * Math.max(0.05, Math.abs(slope)));
    }
    await expect(run.prove(21, 1, "y7")).rejects.toThrow("nothing to wiggle at y7");
    const { surprise: more } = await run.wiggle(21, 1, first, -0.1 * Math.sign(blame.pixels[first]));
    expect(more).toBeLessThan(surprise);
  });

  it("says how the loudest place of a filter came about", async () => {
    const { places, maps } = await run.look(5, 2);
    for (const [filter, { products, bias, sum, row, column }] of places.entries()) {
      expect(products.reduce((total, product) => total + product, bias)).toBeCloseTo(sum, 5);
      expect(maps[0][filter * side * side + row * side + column]).toBe(Math.max(sum, 0));
    }
  });

  it("is tested on all held-out drawings, the most surprising ones first", () => {
    const [, test] = run.tests;
    expect(test.after).toBe(20);
    expect(test.counts.flat().reduce((sum, count) => sum + count)).toBe(heldOut.length);
    expect((test.counts[0][0] + test.counts[1][1]) / heldOut.length).toBe(test.right);
    const surprises = [...test.order].map((drawing) => test.surprises[drawing]);
    expect(surprises).toEqual([...surprises].sort((a, b) => b - a));
    expect(test.surprises[7]).toBeCloseTo(-Math.log(test.dog[7]), 5);
  });

  it("forks with the weights of a step, and what Adam remembers", async () => {
    const [same, other] = [await run.fork(usual, 12), await run.fork({ ...usual, learningRate: 0.02 }, 12)];
    for (const fork of [same, other]) while (fork.last < 20) await fork.step();
    expect(same.first).toBe(12);
    expect(same.mistakes).toEqual(run.mistakes.slice(11, 20));
    expect(other.recorded(12)).toBe(run.recorded(12));
    expect(other.mistakes[0]).toBe(run.mistakes[11]);
    expect(other.mistakes[5]).not.toBe(run.mistakes[16]);
  });

  it("goes on from its bytes, bit for bit, if they are those of a run with its settings", async () => {
    const before = new CatRun(usual);
    while (before.last < 23) await before.step();
    const bytes = await before.bytes();
    const after = await CatRun.saved(bytes, usual);
    if (after === null) throw new Error("The run was not saved");
    expect(after.tests).toEqual(before.tests);
    while (after.last < steps) await after.step();
    expect(after.mistakes).toEqual(run.mistakes);
    expect(await after.look(17, 4)).toEqual(await run.look(17, 4));
    expect(after.recorded(steps)).toBe(run.recorded(steps));
    expect(await CatRun.saved(bytes, { ...usual, seed: 2 })).toBeNull();
    bytes[bytes.length - 5] ^= 1;
    await expect(CatRun.saved(bytes, usual)).rejects.toThrow("decodeCheckpoint");
  });

  it("goes on from the bytes of a fork, which knows the steps since then", async () => {
    const settings = { ...usual, learningRate: 0.02 };
    const fork = await run.fork(settings, 12);
    while (fork.last < 17) await fork.step();
    const after = await CatRun.saved(await fork.bytes(), settings);
    if (after === null) throw new Error("The fork was not saved");
    expect([after.first, after.last]).toEqual([12, 17]);
    for (const one of [fork, after]) while (one.last < 20) await one.step();
    expect(after.mistakes).toEqual(fork.mistakes);
    expect(after.recorded(19)).toBe(fork.recorded(19));
    expect(await after.look(14, 4)).toEqual(await fork.look(14, 4));
    await expect(after.look(11, 4)).rejects.toThrow("the steps 12 to 20");
  });

  it("ends with a sentence if the steps are too long", async () => {
    const fast = new CatRun({ ...usual, learningRate: 1e30 });
    while (fast.end === null && fast.last < steps) await fast.step();
    expect(fast.end).toMatchObject({ kind: "failed" });
    expect(fast.end).toHaveProperty(
      "sentence",
      expect.stringMatching(/^In step \d+ .* too large; try 0\.004\.$/),
    );
  });

  it("refuses a step that it has not made", async () => {
    await expect(run.look(99, 1)).rejects.toThrow("There is no step 99; the run has the steps 1 to 26");
  });
});

describe("a history", () => {
  it("keeps a bounded number of states, and finds the nearest one before a step", () => {
    const history = new History(5);
    const state: CatState = { model: new Map(), optimizer: new Map() };
    for (let step = 5; step <= 20_000; step++) {
      if (history.wants(step)) history.keep(step, state);
      if (step % 997 === 0) {
        const { step: near } = history.before(step);
        expect(near).toBeLessThanOrEqual(step);
        expect(step - near).toBeLessThan(Math.max(10, step / 50));
      }
    }
    expect(history.size).toBeLessThanOrEqual(160);
  });
});
