import { expect, it } from "vitest";

import { surprisesOf } from "./surprise.js";

it("counts what follows what", () => {
  // Two different characters; “b” follows “a” twice, and “a” follows “b” once.
  const [first, second, third, fourth] = surprisesOf("abab");
  expect(first).toBeCloseTo(-Math.log(3 / 6), 12);
  expect([second, fourth]).toEqual([-Math.log(3 / 4), -Math.log(3 / 4)]);
  expect(third).toBeCloseTo(-Math.log(2 / 3), 12);
});

it("has nothing to say about nothing", () => {
  expect(surprisesOf("")).toEqual([]);
});
