import { getEngine, referenceEngine, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { afterEach, describe, expect, it } from "vitest";
import { expectPlainLoop, seenOf } from "./loop-derivatives.js";
import { asScan, randomLoop } from "./random-loops.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

const seeds = Array.from({ length: 30 }, (_, i) => i);

describe("a random loop", () => {
  it.each(seeds)("%i equals the plain loop, with its derivatives, draws and assignments", (seed) => {
    expectPlainLoop(seed, [0, 1, 2]);
  });

  it.each([3, 8, 22])("%i has the third derivatives of the plain loop", (seed) => {
    expectPlainLoop(seed, [3]);
  });

  it.each(seeds.slice(0, 10))("%i is the same on threads, and on the reference engine", (seed) => {
    const loop = randomLoop(seed);
    const expected = seenOf(loop, asScan, [0, 1]);
    using threaded = new WasmEngine({ threads: 3, waitForThreads: true, leastWork: 0 });
    setEngine(threaded);
    expect(seenOf(loop, asScan, [0, 1])).toEqual(expected);
    setEngine(referenceEngine);
    for (const [order, { value }] of seenOf(loop, asScan, [0, 1]).entries()) {
      expect(value).toBeCloseTo(expected[order].value, 8);
    }
  });
});
