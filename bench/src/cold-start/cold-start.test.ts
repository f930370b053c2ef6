import { expect, it } from "vitest";
import { coldStart } from "./cold-start.js";

it("measures the parts of new processes", async () => {
  const milestones = await coldStart(2);
  expect(milestones.map(({ part }) => part)).toEqual([
    "packages imported",
    "first weights drawn",
    "graph built",
    "step compiled and run",
  ]);
  const medians = milestones.map(({ timing }) => timing.median);
  expect(medians).toEqual([...medians].sort((a, b) => a - b));
  expect(milestones.every(({ timing }) => timing.runs === 2)).toBe(true);
});
