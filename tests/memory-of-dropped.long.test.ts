import { getEngine, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { afterAll, beforeEach, expect, it } from "vitest";
import { lives, mostHeld } from "./dropped-models.js";

const patience = { timeout: 1_200_000 };
const before = getEngine();
let engine: WasmEngine;

beforeEach(() => {
  engine = new WasmEngine({ threads: 1 });
  setEngine(engine);
});

afterAll(() => {
  setEngine(before);
});

it.each([
  ["awaitsLosses", 10_000],
  ["isRecorded", 3000],
  ["isFitted", 3000],
] as const)(
  "gives back models that were dropped, in a loop in which each %s: %d",
  patience,
  async (name, models) => {
    expect(await mostHeld(engine, models, lives[name])).toBeLessThan(512 * 2 ** 20);
  },
);

it("holds at most one of 3,000 models if each is disposed of, without a pause", patience, () => {
  lives.isDisposedOf();
  const { used, reserved } = engine.memory();
  for (let i = 0; i < 3000; i++) {
    lives.isDisposedOf();
    expect(engine.memory().used).toBe(used);
  }
  expect(engine.memory().reserved).toBe(reserved);
});
