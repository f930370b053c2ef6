import { expect, it } from "vitest";
import { measure } from "./measure.js";

it("runs candidates in turn and counts only what comes after the warm-up", async () => {
  const calls: string[] = [];
  const candidate = (name: string) => ({
    name,
    run: () => {
      calls.push(name);
      return Promise.resolve();
    },
  });
  const timings = await measure([candidate("a"), candidate("b")], { warmUp: 1, runs: 2 });
  expect(calls.join("")).toBe("ababab");
  for (const { runs, fastest, median, slowest } of timings) {
    expect(runs).toBe(2);
    expect(fastest).toBeLessThanOrEqual(median);
    expect(median).toBeLessThanOrEqual(slowest);
  }
});
