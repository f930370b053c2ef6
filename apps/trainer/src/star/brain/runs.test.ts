import { beforeAll, describe, expect, it } from "vitest";

import { lesson } from "./lesson.js";
import { BrainRun } from "./runs.js";
import { indexOf, knobPlaces, nameOf, neuronOf, usual, type BrainSettings } from "./sizes.js";

async function made(settings: Partial<BrainSettings> = {}, tries = Infinity): Promise<BrainRun> {
  const run = new BrainRun({ ...usual, ...settings });
  while (run.end === null && run.last < tries) await run.step();
  return run;
}

describe("a run of the brain", () => {
  let run: BrainRun;
  beforeAll(async () => {
    run = await made({ seed: 5 });
  });

  it("makes the same tries as the lesson in the terminal, which explains each", async () => {
    const mistakes: number[] = [];
    for await (const { attempt } of lesson({ seed: 5, learningRate: 0.02, tries: 1000 }))
      mistakes.push(attempt.mistake);
    expect(run.mistakes).toEqual(mistakes);
    expect(run.end).toEqual({ kind: "perfect" });
  });

  it("gives the same numbers for a try, whatever was looked at before", async () => {
    const before = await run.look(5);
    for (const number of [200, 1, 17]) await run.look(number);
    await run.path(12);
    await run.wiggle(3, "a3-b7", 0.05);
    await run.prove(9, ["1-b2", "x-a1"]);
    await run.trace(4, 300);
    expect(await run.look(5)).toEqual(before);
    expect(before.step?.fingerprint).toBe(await run.recorded(6));
  });

  it("explains a step knob by knob, neuron by neuron and layer by layer, and all add up", async () => {
    const { step, adjustment, knobs, attempt } = await run.look(30);
    const { turns, layers, paidInto, after } = step!;
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    expect(knobs).toHaveLength(337);
    expect(sum(turns.map(({ paid }) => paid))).toBeCloseTo(adjustment!.paid, 10);
    expect(sum(layers.map(({ paid }) => paid))).toBeCloseTo(adjustment!.paid, 10);
    expect(sum(layers.map(({ helped }) => helped))).toBe(adjustment!.helped);
    expect(sum(paidInto)).toBeCloseTo(adjustment!.paid, 10);
    expect(paidInto).toHaveLength(33);
    expect(Math.abs(attempt.mistake - after.mistake - adjustment!.paid)).toBeLessThanOrEqual(
      0.001 * adjustment!.moved,
    );
  });

  it("walks the way from the old knobs to the new ones", async () => {
    const { attempt, step } = await run.look(2);
    const { mistakes, total } = await run.path(2);
    expect(mistakes[0]).toBe(attempt.mistake);
    expect(mistakes[20]).toBeCloseTo(step!.after.mistake, 6);
    expect(total[20]).toBeCloseTo(attempt.mistake - step!.after.mistake, 4);
  });

  it("traces the blame of a knob to squares: each says its complaint times what came in", async () => {
    const { knobs, answers } = await run.look(3);
    const told = { "a3-b7": 0, "y-a4": 0, "b2-ink": 0, "1-b5": 0 };
    for (let square = 0; square < 784; square++) {
      const { hidden, complaint, coordinates, answer, target } = await run.trace(3, square);
      const at = (id: string) => hidden.find((neuron) => neuron.id === id)!;
      if (square === 400) {
        expect(answer).toBeCloseTo(answers[400], 6);
        expect(complaint).toBeCloseTo(2 * (answer - target), 6);
        const b7 = at("b7");
        expect(b7.complaint).toBeCloseTo(b7.arrives * b7.slope, 6);
        expect(b7.arrives).toBeCloseTo(complaint * knobs[indexOf("b7-ink")].now, 6);
        const back = hidden.slice(16).map((b) => b.complaint * knobs[indexOf(`a3-${b.id}`)].now);
        expect(at("a3").arrives).toBeCloseTo(
          back.reduce((sum, value) => sum + value),
          5,
        );
      }
      told["a3-b7"] += at("b7").complaint * at("a3").value;
      told["y-a4"] += at("a4").complaint * coordinates[1];
      told["b2-ink"] += complaint * at("b2").value;
      told["1-b5"] += at("b5").complaint;
    }
    for (const [id, sum] of Object.entries(told)) expect(sum / 784).toBeCloseTo(knobs[indexOf(id)].blame, 5);
  });

  it("proves the blame of knobs in every layer", async () => {
    const proofs = await run.prove(1, ["x-a1", "1-a9", "a3-b7", "b4-ink", "1-ink"]);
    const { knobs } = await run.look(1);
    for (const { id, slope, blame } of proofs) {
      expect(blame).toBe(knobs[indexOf(id)].blame);
      expect(Math.abs(slope - blame)).toBeLessThan(2e-4);
    }
  });
});

describe("a run that fails", () => {
  it("with saturated sigmoids passes back a factor of 0.003 and stays where it is", async () => {
    const run = await made(
      { activation: "sigmoid", start: "pushed", optimizer: "sgd", learningRate: 0.02 },
      300,
    );
    const { stop, slopes } = await run.look(1);
    expect(stop).toEqual({ kind: "slope", layer: 2, factor: slopes[1] });
    expect(slopes[0]).toBeCloseTo(0.003, 3);
    const { attempt, constant, stop: later } = await run.look(300);
    expect(later?.factor).toBeLessThan(0.01);
    expect(attempt.mistake).toBeCloseTo(constant.mistake, 3);
  });

  it("from a start at zero learns nothing but the last bias", async () => {
    const run = await made({ start: "zero" }, 100);
    const { stop, knobs, step, attempt, constant } = await run.look(100);
    expect(stop).toEqual({ kind: "weights", layer: 2, factor: 0 });
    expect(knobs.filter(({ now }) => now !== 0).map(({ id }) => id)).toEqual(["1-ink"]);
    expect(step!.turns.filter(({ turn }) => turn !== 0)).toHaveLength(1);
    expect(attempt.mistake).toBeCloseTo(constant.mistake, 3);
  });

  it("with a step too long for ReLU kills all neurons of a layer", async () => {
    const run = await made({ activation: "relu", learningRate: 1 }, 60);
    const { stop, neurons } = await run.look(60);
    expect(stop).toEqual({ kind: "dead", layer: 2, factor: 0 });
    expect(neurons.slice(16).every(({ values }) => values.every((value) => value === 0))).toBe(true);
  });

  it("is not stopped when all is as usual", async () => {
    expect((await (await made({}, 1)).look(1)).stop).toBeNull();
  });
});

it("names every knob once", () => {
  expect(new Set(knobPlaces.map(({ id }) => id)).size).toBe(337);
  expect(knobPlaces.map(({ id }) => indexOf(id))).toEqual(knobPlaces.map((_, i) => i));
  expect([nameOf("a3-b7"), nameOf("1-b7"), neuronOf("1-b7")]).toEqual(["a3 → b7", "bias of b7", "b7"]);
});
