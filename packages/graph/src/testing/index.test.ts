import { expect, it } from "vitest";
import { sampled, sized } from "./index.js";

it("a sample is every n-th case in the short suite, and every case in the long suite", () => {
  const isLong = process.env["STARGRAD_SUITE"] === "long";
  expect(sampled(["a", "b", "c", "d", "e"], 2)).toEqual(isLong ? ["a", "b", "c", "d", "e"] : ["a", "c", "e"]);
  const words = ["a", "b", "cd", "e", "fg", "hij"];
  expect(sampled(words, 4, ({ length }) => length)).toEqual(isLong ? words : ["a", "cd", "fg", "hij"]);
  expect(sized({ short: 3, long: 8 })).toBe(isLong ? 8 : 3);
});
