import { describe, expect, it } from "vitest";

import { baselinesOf } from "./baselines.js";

describe("baselines", () => {
  it("count each character and each pair once more than they come", () => {
    // a b a b a: a three times, b twice; after a always b, twice; after b always a, twice.
    const training = Int32Array.of(0, 1, 0, 1, 0);
    // The targets are b, b and c; c has never been seen.
    const validation = Int32Array.of(0, 1, 1, 2);
    const { unigramLoss, bigramLoss } = baselinesOf(training, validation, 3);
    expect(unigramLoss).toBeCloseTo(-(2 * Math.log(3 / 8) + Math.log(1 / 8)) / 3, 12);
    expect(bigramLoss).toBeCloseTo(-(Math.log(3 / 5) + 2 * Math.log(1 / 5)) / 3, 12);
  });

  it("are those of a guess among all characters if nothing was counted", () => {
    const { unigramLoss, bigramLoss } = baselinesOf(new Int32Array(0), Int32Array.of(0, 3, 2, 1), 4);
    expect(unigramLoss).toBeCloseTo(Math.log(4), 12);
    expect(bigramLoss).toBeCloseTo(Math.log(4), 12);
  });
});
