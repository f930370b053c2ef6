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

it("runs the SIMD peak on several threads, turn after turn", async () => {
  const candidate = limitOf({ operations: 2e7 }, 2);
  expect(candidate.name).toBe("limit: SIMD peak of 2");
  for (let turn = 0; turn < 3; turn++) expect(await candidate.run(3)).toBeGreaterThan(0);
  candidate.dispose?.();
});
