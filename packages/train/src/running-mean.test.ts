import { describe, expect, it } from "vitest";

import { RunningMean } from "./running-mean.js";

describe("RunningMean", () => {
  it("weighs each value by how many items it stands for", () => {
    const mean = new RunningMean();
    mean.add(1, 3);
    mean.add(5);
    expect(mean.value).toBe(2);
  });

  it("is NaN of nothing", () => {
    expect(new RunningMean().value).toBeNaN();
  });
});
