import { describe, expect, it } from "vitest";

import { failureScenes } from "./failures.js";
import { PlayRun } from "./runs.js";
import { usual, type PlaySettings } from "./settings.js";

async function runOf(
  settings: PlaySettings,
  tries: number,
  from?: { run: PlayRun; try: number },
): Promise<PlayRun> {
  const run = await PlayRun.begin(settings, from);
  for (let made = 0; made < tries; made++) await run.step();
  return run;
}

describe("a run of the playground", () => {
  it("learns the spirals, also those points that it never saw", async () => {
    const run = await runOf(usual, 200);
    expect(run.scores[0].right).toBeLessThan(110);
    expect(run.scores[199]).toMatchObject({ rightHeldOut: 40 });
    expect(run.scores[199].right).toBeGreaterThanOrEqual(156);
  });

  it.each(["sgd", "momentum", "rmsprop", "adam", "adamw"] as const)(
    "computes any try again bit for bit, with %s",
    async (optimizer) => {
      const run = await runOf({ ...usual, optimizer, layers: [{ width: 3, activation: "relu" }] }, 40);
      for (const number of [37, 16, 17, 1, 39]) {
        const scene = await run.look(number);
        expect(scene.fingerprint).toBe(run.recorded(number));
        expect(scene.step!.fingerprint).toBe(run.recorded(number + 1));
        expect(scene).toMatchObject(run.scores[number - 1]);
        expect(scene.step!.after).toEqual(run.scores[number]);
      }
    },
  );

  it("forks with the weights of a try and other settings", async () => {
    const run = await runOf(usual, 20);
    const fork = await runOf({ ...usual, learningRate: 0.1 }, 2, { run, try: 18 });
    expect(fork.first).toBe(18);
    expect(fork.recorded(18)).toBe(run.recorded(18));
    expect(fork.scores[0]).toEqual(run.scores[17]);
    expect(fork.recorded(19)).not.toBe(run.recorded(19));
  });

  it("keeps the initial weights when anything but their seed and the layers changes", async () => {
    const run = await runOf(usual, 1);
    const other = await runOf(
      { ...usual, data: { shape: "xor", noise: 0, seed: 9 }, learningRate: 1, optimizer: "sgd" },
      1,
    );
    expect(other.recorded(1)).toBe(run.recorded(1));
    expect((await runOf({ ...usual, seed: 2 }, 1)).recorded(1)).not.toBe(run.recorded(1));
  });

  it("without hidden layers, or with one point, is possible", async () => {
    const one = { shape: "spirals", noise: 0, seed: 1, own: [{ x: 0.5, y: 0.5, label: 1 }] } as const;
    const run = await runOf({ ...usual, layers: [], data: one }, 30);
    expect(run.scores[29]).toMatchObject({ right: 1, heldOut: null, rightHeldOut: 0 });
    expect(await run.look(3)).toMatchObject({ hidden: 0, heldOutPoints: 0, trainingPoints: 1 });
  });

  it("that grows beyond all numbers ends with a sentence", async () => {
    const run = await runOf(
      {
        ...usual,
        layers: [{ width: 8, activation: "linear" }],
        learningRate: 100,
        optimizer: "sgd",
        scale: 100,
      },
      300,
    );
    expect(run.failure?.sentence).toMatch(/^In try \d+ the mistake is not a number any more.*try 0\.03\.$/);
    expect((await run.look(run.last)).step).toBeNull();
  });
});

describe("the numbers of a try", () => {
  it("follow the chain rule, down to one multiplication", async () => {
    const run = await runOf(usual, 30);
    const { pass, layers, points } = await run.look(30, 7);
    expect(pass.point).toBe(7);
    const { x, y, blue, label, surprise } = points[7];
    expect(pass.layers[2].blameOfZ[0]).toBeCloseTo(blue - label, 6);
    expect(surprise).toBeCloseTo(-Math.log(label === 1 ? blue : 1 - blue), 5);
    for (const [l, { z, a, blameOfZ, blameOfA, factor }] of pass.layers.entries()) {
      const inputs = l === 0 ? [x, y] : pass.layers[l - 1].a;
      z.forEach((sum, j) => {
        const expected = layers[l].weights[j].reduce(
          (total, w, i) => total + w * inputs[i],
          layers[l].biases[j],
        );
        expect(sum).toBeCloseTo(expected, 5);
        expect(a[j]).toBeCloseTo(l === 2 ? sum : Math.tanh(sum), 5);
        expect(blameOfZ[j]).toBeCloseTo(blameOfA[j] * factor[j], 6);
        inputs.forEach((input, i) => {
          expect(pass.blame[l].weights[j][i]).toBeCloseTo(blameOfZ[j] * input, 6);
        });
      });
    }
  });

  it("add up: what all links paid is the change of the mistake", async () => {
    const run = await runOf(usual, 60);
    for (const number of [1, 20, 59]) {
      const { step, mistake } = await run.look(number);
      const { byLayer, credit, after } = step!;
      expect(byLayer.reduce((sum, { paid }) => sum + paid, 0)).toBeCloseTo(credit.paid, 12);
      expect(Math.abs(mistake - after.mistake - credit.paid)).toBeLessThanOrEqual(0.001 * credit.moved);
    }
  });

  it("can be proved: the measured slope is the blame", async () => {
    const run = await runOf(usual, 5);
    const { mostBlamed } = await run.look(4);
    const { slope, blame } = await run.prove(4, mostBlamed);
    expect(Math.abs(slope - blame)).toBeLessThan(1e-3);
  });
});

describe("the gallery of failures", () => {
  const sceneOf = async (id: string, number: number) => {
    const { settings, mended } = failureScenes.find((scene) => scene.id === id)!;
    return { scene: await (await runOf(settings, number)).look(number), mended: await runOf(mended, 200) };
  };

  it.each([
    ["saturated", (smallest: number) => smallest < 0.01],
    ["dead", (smallest: number) => smallest === 0],
  ])("shows factors that stop the blame: %s", async (id, isStopped) => {
    const { scene, mended } = await sceneOf(id, 30);
    expect(scene.stuck).toBeGreaterThanOrEqual(scene.hidden / 2);
    expect(isStopped(Math.min(...scene.layers[0].factors))).toBe(true);
    expect(mended.scores[199].mistake).toBeLessThan(0.8 * mended.scores[0].mistake);
  });

  it("shows twins that stay twins", async () => {
    const { scene, mended } = await sceneOf("zero", 30);
    expect(scene.layers[0].weights.flat().every((weight) => weight === 0)).toBe(true);
    expect(scene.layers[1].largest).toBe(0);
    expect(mended.scores[199].mistake).toBeLessThan(0.3);
  });

  it("shows steps that jump over their promise", async () => {
    const { settings, mended } = failureScenes.find(({ id }) => id === "too-far")!;
    const run = await runOf(settings, 60);
    const { try: number } = failureScenes.find(({ id }) => id === "too-far")!;
    expect((await run.look(number)).step!.credit.paid).toBeLessThan(0);
    const mistakes = run.scores.map(({ mistake }) => mistake);
    expect(Math.max(...mistakes)).toBeGreaterThan(10 * mistakes[0]);
    expect((await runOf(mended, 400)).scores[399].mistake).toBeLessThan(mistakes[0]);
  });
});
