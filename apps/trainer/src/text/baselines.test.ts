import { describe, expect, it } from "vitest";

import { baselinesOf } from "./baselines.js";

describe("baselines", () => {
  it("add one to the count of each character and each pair", () => {
    // a b a b a: a occurs three times, b twice; a is followed by b twice, and b by a twice.
    const training = Int32Array.of(0, 1, 0, 1, 0);
    // The targets are b, b and c; c does not occur in the training text.
    const validation = Int32Array.of(0, 1, 1, 2);
    const { unigramLoss, bigramLoss } = baselinesOf(training, validation, 3);
    expect(unigramLoss).toBeCloseTo(-(2 * Math.log(3 / 8) + Math.log(1 / 8)) / 3, 12);
    expect(bigramLoss).toBeCloseTo(-(Math.log(3 / 5) + 2 * Math.log(1 / 5)) / 3, 12);
  });

  it("are those of a uniform guess if nothing was counted", () => {
    const { unigramLoss, bigramLoss } = baselinesOf(new Int32Array(0), Int32Array.of(0, 3, 2, 1), 4);
    expect(unigramLoss).toBeCloseTo(Math.log(4), 12);
    expect(bigramLoss).toBeCloseTo(Math.log(4), 12);
  });
});
