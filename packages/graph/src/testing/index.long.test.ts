import { expect, it } from "vitest";
import { sampled, sized } from "./index.js";

it("is larger in the long suite", () => {
  expect(sized({ short: 1, long: 2 })).toBe(2);
  expect(sampled(["a", "b", "c"], 2)).toEqual(["a", "b", "c"]);
});
