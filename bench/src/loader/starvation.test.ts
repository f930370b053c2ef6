import { expect, it } from "vitest";
import { starvation } from "./starvation.js";

it("reports the time of a step, and the part that it waits for its batch", async () => {
  const results = await starvation([0, 1], 3);
  expect(results.map(({ workers }) => workers)).toEqual([0, 1]);
  for (const { step, waiting } of results) {
    expect(step).toBeGreaterThan(0);
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThan(1);
  }
});
