import { referenceEngine } from "@stargrad/graph";
import { getEngine, setEngine } from "@stargrad/tensor";
import { expect, it } from "vitest";
import { distance, tolerance } from "./agreement.js";
import type { Contestant } from "./contestant.js";
import { stargradOn } from "./stargrad.js";
import { normalInput } from "./inputs.js";
import type { Layer, Workload } from "./workload.js";
import { workloads } from "./workloads/all.js";
import { inputsOf } from "./workloads/training.js";

const tiny = workloads.find(({ name }) => name.startsWith("tiny"))!;

async function losses(contestant: Contestant): Promise<number[]> {
  const prepared = await contestant.prepare(tiny);
  const read: number[] = [];
  for (let step = 0; step < 3; step++) {
    await prepared.run(1);
    read.push(...Array.from(await prepared.result()));
  }
  return read;
}

it("computes the same training steps on every engine, recorded or not", async () => {
  const engine = getEngine();
  const expected = await losses(stargradOn(referenceEngine, "reference engine"));
  const got = await losses(stargradOn(engine, "1 thread"));
  const replayed = await losses(stargradOn(engine, "1 thread", { replayed: true }));
  setEngine(engine);
  expect(distance(got, expected)).toBeLessThan(tolerance);
  expect(replayed).toEqual(got);
  expect(new Set(got).size).toBe(3);
});

it("computes the same forward pass on every engine, recorded or not", async () => {
  const engine = getEngine();
  const layers: Layer[] = [
    { layer: "convolution", inputs: 1, outputs: 4, size: 3, bias: false },
    { layer: "batchNorm", features: 4 },
    { layer: "flatten" },
    { layer: "linear", inputs: 16, outputs: 8 },
  ];
  const workload: Workload = {
    name: "small",
    task: { kind: "forward", layers },
    limit: { operations: 1 },
    inputs: () => inputsOf(layers, (generator) => normalInput([3, 1, 2, 2], generator)),
  };
  const outputs: ArrayLike<number>[] = [];
  for (const contestant of [
    stargradOn(referenceEngine, "reference engine"),
    stargradOn(engine, "plain"),
    stargradOn(engine, "recorded", { replayed: true }),
  ]) {
    const prepared = await contestant.prepare(workload);
    await prepared.run(2);
    outputs.push(await prepared.result());
  }
  setEngine(engine);
  expect(distance(outputs[1], outputs[0])).toBeLessThan(tolerance);
  expect(outputs[2]).toEqual(outputs[1]);
});

it("computes with its own engine, even if another one was set in the meantime", async () => {
  const engine = getEngine();
  let runs = 0;
  const counting = {
    name: "counting",
    capabilities: engine.capabilities,
    prepare: (nodes: Parameters<typeof engine.prepare>[0]) => {
      runs++;
      return engine.prepare(nodes);
    },
  };
  const prepared = await stargradOn(counting, "counting").prepare(tiny);
  setEngine(referenceEngine);
  runs = 0;
  await prepared.run(1);
  expect(runs).toBeGreaterThan(0);
  setEngine(engine);
});
