import { expect, it } from "vitest";
import { limitOf } from "./limits.js";

it.each([
  { limit: { operations: 2e6 }, name: "limit: SIMD peak" },
  { limit: { bytes: 2e6 }, name: "limit: copy" },
])("runs the $name the given number of times", async ({ limit, name }) => {
  const candidate = limitOf(limit);
  expect(candidate.name).toBe(name);
  expect(await candidate.run(0)).toBeLessThan(await candidate.run(200));
});
