import { interpretedEngine, lateEngine, narrowTarget } from "@stargrad/compiler/testing";
import { referenceEngine, type Engine } from "@stargrad/graph";
import { getEngine, manualSeed, setEngine } from "@stargrad/tensor";
import { afterEach, describe, expect, it } from "vitest";
import { layerNames } from "./random-layers.js";
import { modelOf, optimizerNames } from "./random-models.js";
import { plainStep, recordedStep, type Step, type Subject } from "./trainings.js";

// An engine as a GPU is one: it has no float64, 8 buffers in a kernel, no way out of one, and its results and errors arrive later. What
// is trained on it is what is trained on the reference engine.

const late = lateEngine(interpretedEngine(narrowTarget));
const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

type Numbers = ReadonlyMap<string, readonly number[]>;

/** The losses of some steps and all that is kept in the end, on an engine. */
async function outcomeOf(
  each: Engine,
  make: () => Subject,
  stepOf: (subject: Subject) => Step,
  steps: number,
): Promise<Numbers> {
  setEngine(each);
  manualSeed(1);
  const subject = make();
  const step = stepOf(subject);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push(await step(subject.inputsOf(i)).item());
  const state = [...subject.model.stateDict(), ...subject.optimizer.stateDict()];
  const read = state.map(async ([name, value]) => [name, [...(await value.data())]] as const);
  return new Map([["losses", losses], ...(await Promise.all(read))]);
}

async function expectSameAsReference(
  make: () => Subject,
  stepOf: (subject: Subject) => Step,
  tolerance = 1e-4,
): Promise<void> {
  const got = await outcomeOf(late, make, stepOf, 2);
  const expected = await outcomeOf(referenceEngine, make, stepOf, 2);
  expect([...got.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of expected) {
    const own = got.get(name) ?? [];
    const off = values.map((value, i) => Math.abs(own[i] - value) / Math.max(1, Math.abs(value)));
    expect(Math.max(0, ...off), name).toBeLessThan(tolerance);
  }
}

const ways: Readonly<Record<string, (subject: Subject) => Step>> = {
  "a plain loop": plainStep,
  "a recorded step": recordedStep,
};

describe.each(Object.keys(ways))("%s on an engine whose results arrive later", (how) => {
  it.each(layerNames)("trains %s as the reference engine does", async (name) => {
    await expectSameAsReference(() => modelOf([name], { seed: 5, optimizer: "SGD" }), ways[how]);
  });

  it.each(optimizerNames)("trains with %s as the reference engine does", async (optimizer) => {
    await expectSameAsReference(() => modelOf(["Linear", "Tanh"], { seed: 3, optimizer }), ways[how]);
  });
});
