import { referenceEngine } from "@stargrad/graph";
import { getEngine, setEngine } from "@stargrad/tensor";
import { expect, it } from "vitest";
import { distance, tolerance } from "./agreement.js";
import type { Contestant } from "./contestant.js";
import { stargradOn } from "./stargrad.js";
import { workloads } from "./workloads/all.js";

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

it("computes with its own engine, even if another one was set in the meantime", async () => {
  const engine = getEngine();
  let runs = 0;
  const counting = {
    name: "counting",
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
