import { describe, expect, it } from "vitest";

import type { Data } from "./data.js";
import { drawnDigits } from "./drawn-digits.js";
import { splitOf } from "./split.js";

const digits = drawnDigits({ samples: 300, seed: 1 });
const settings = { seed: 1, share: 0.2, leaveOut: false };

describe("splitOf", () => {
  it("divides by a seed, with the same mixture of classes on both sides", () => {
    const { training, heldOut, leaks } = splitOf(digits, settings);
    expect([...training, ...heldOut].sort((a, b) => a - b)).toEqual([...digits.labels.keys()]);
    for (let digit = 0; digit < 10; digit++) {
      expect(heldOut.filter((index) => digits.labels[index] === digit)).toHaveLength(6);
    }
    expect(leaks).toEqual([]);
    expect(splitOf(digits, settings).heldOut).toEqual(heldOut);
    expect(splitOf(digits, { ...settings, seed: 2 }).heldOut).not.toEqual(heldOut);
  });

  it("keeps the split that the files say", () => {
    const { training, heldOut } = splitOf({ ...digits, heldOutFrom: 250 }, settings);
    expect([training.length, heldOut.length, heldOut[0]]).toEqual([250, 50, 250]);
  });

  it.each(["bytes", "numbers"])("finds examples on both sides, and leaves them out: %s", (kind) => {
    const size = 28 * 28;
    const given: Data = { ...digits, heldOutFrom: 250, values: kind === "bytes" ? digits.values.slice() : Float32Array.from(digits.values, (v) => v / 7) }; // prettier-ignore
    // Two held-out examples are copies of training examples.
    given.values.copyWithin(260 * size, 3 * size, 4 * size);
    given.values.copyWithin(299 * size, 249 * size, 250 * size);
    expect(splitOf(given, settings).leaks).toEqual([[260, 3], [299, 249]]); // prettier-ignore
    const { heldOut } = splitOf(given, { ...settings, leaveOut: true });
    expect(heldOut).toHaveLength(48);
    expect(heldOut).not.toContain(260);
  });

  it("leaves one example of each class on each side, where there are two", () => {
    const few: Data = { ...digits, labels: Int32Array.of(0, 0, 1, 1, 1, 2), classes: ["a", "b", "c"], values: digits.values.slice(0, 6 * 784) }; // prettier-ignore
    const { training, heldOut } = splitOf(few, settings);
    expect(Array.from(heldOut, (index) => few.labels[index])).toEqual([0, 1]);
    expect(training).toHaveLength(4);
  });
});
