import { getEngine, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { afterAll, expect, it } from "vitest";
import { holdWithoutPause, liveNodes } from "./flat-memory.js";

// The short version of memory.long.test.ts.

const engine = getEngine();

afterAll(() => {
  setEngine(engine);
});

it("keeps the engine's memory constant over steps without a pause, some of which throw", () => {
  const held = holdWithoutPause(new WasmEngine({ threads: 1 }), 1000);
  expect(new Set(held.map(({ engine }) => engine)).size).toBe(1);
});

it("keeps the number of live nodes constant", async () => {
  const counts = await liveNodes(new WasmEngine({ threads: 1 }), 1000);
  expect(counts[0]).toBeGreaterThan(0);
  // A step builds more nodes than this, and those of the last step may still be alive.
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(100);
});
