import { describe, expect, it } from "vitest";

import { RunningMean } from "./running-mean.js";

describe("RunningMean", () => {
  it("weights each value by its number of items", () => {
    const mean = new RunningMean();
    mean.add(1, 3);
    mean.add(5);
    expect(mean.value).toBe(2);
  });

  it("is NaN without values", () => {
    expect(new RunningMean().value).toBeNaN();
  });
});
