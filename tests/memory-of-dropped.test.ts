import { getEngine, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { afterAll, beforeEach, expect, it } from "vitest";
import { lives, mostHeld } from "./dropped-models.js";

// The short version of memory-of-dropped.long.test.ts.

const before = getEngine();
let engine: WasmEngine;

beforeEach(() => {
  engine = new WasmEngine({ threads: 1 });
  setEngine(engine);
});

afterAll(() => {
  setEngine(before);
});

it.each(["awaitsLosses", "isRecorded", "isFitted"] as const)(
  "gives back models that were dropped, in a loop in which each %s",
  async (name) => {
    // Together the models take 800 MiB.
    expect(await mostHeld(engine, 200, lives[name])).toBeLessThan(512 * 2 ** 20);
  },
);

it("holds at most one model if each is disposed of, without a pause", () => {
  lives.isDisposedOf();
  const { used } = engine.memory();
  for (let i = 0; i < 100; i++) {
    lives.isDisposedOf();
    expect(engine.memory().used).toBe(used);
  }
});
