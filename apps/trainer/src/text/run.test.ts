import { describe, expect, it } from "vitest";

import { completed } from "./run.js";
import { scheduleOf } from "./schedule.js";

describe("the schedule of a run", () => {
  const schedule = (steps: number) => scheduleOf(completed({ steps }));

  it("rises for 100 steps and falls to a tenth at the last step", () => {
    const factor = schedule(2000);
    expect([factor(0), factor(50), factor(100)]).toEqual([0.01, 0.505, 1]);
    expect(factor(1050)).toBeCloseTo(0.55, 12);
    expect(factor(2000)).toBeCloseTo(0.1, 12);
  });

  it("rises for a tenth of a short run", () => {
    const factor = schedule(50);
    expect([factor(0), factor(5)]).toEqual([0.2, 1]);
    for (const steps of [1, 2, 9]) expect(schedule(steps)(0)).toBe(1);
  });
});
