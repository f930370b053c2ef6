import { describe, expect, it } from "vitest";

import { draw, reals } from "./samples.js";

describe("draw", () => {
  const kinks = [-1, 0, 1];
  const data = [...draw([500], reals(-2, 2, kinks)).data];

  it("stays in its range and covers all of it", () => {
    expect(Math.min(...data)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...data)).toBeLessThan(2);
    expect(data.reduce((total, x) => total + x, 0) / 500).toBeCloseTo(0, 1);
  });

  it("stays further away from kinks than the step of a finite difference", () => {
    const nearest = data.map((x) => Math.min(...kinks.map((kink) => Math.abs(x - kink))));
    expect(Math.min(...nearest)).toBeGreaterThan(0.049);
  });

  it("does not repeat a number in a small sample, and depends on the seed", () => {
    const [first, second] = [draw([24], reals(-2, 2), 0), draw([24], reals(-2, 2), 1)];
    expect(new Set([...first.data, ...second.data]).size).toBe(48);
  });
});
