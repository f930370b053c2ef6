import { expect, it } from "vitest";
import { starvation, starvationTable } from "./starvation.js";

it("reports the time of a step, and the part that it waits for its batch", async () => {
  const results = await starvation([0, 1], 3);
  expect(results.map(({ workers }) => workers)).toEqual([0, 1]);
  for (const { step, waiting } of results) {
    expect(step).toBeGreaterThan(0);
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThan(1);
  }
});

it("is printed in a line for each number of workers", () => {
  expect(starvationTable([{ workers: 0, step: 12.34, waiting: 0.256 }])).toBe(
    "  0 workers     12.3 ms per step, of which it waits  26 % for its batch",
  );
});
