import { WasmEngine } from "@stargrad/wasm";
import { expect, it } from "vitest";
import { holdWithoutPause, liveNodes } from "./flat-memory.js";

const steps = 10_000;
const patience = { timeout: 300_000 };

it.each([
  ["one thread", { threads: 1 }],
  ["two threads", { threads: 2, waitForThreads: true, leastWork: 0 }],
])(
  "keeps memory constant over 10,000 steps without a pause, some of which throw, on %s",
  patience,
  (_, options) => {
    const held = holdWithoutPause(new WasmEngine(options), steps);
    expect(new Set(held.map(({ engine }) => engine)).size).toBe(1);
    // A leak of a single object per step would exceed this.
    expect(held[9].heap - held[0].heap).toBeLessThan(100 * steps);
  },
);

it("keeps the number of live nodes constant over 10,000 steps, some of which throw", patience, async () => {
  const counts = await liveNodes(new WasmEngine({ threads: 1 }), steps);
  expect(counts[0]).toBeGreaterThan(0);
  // A step builds more nodes than this, and those of the last step may still be alive.
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(100);
});
