import { expect, it } from "vitest";
import { distance } from "./agreement.js";

it("is measured against the largest number", () => {
  expect(distance([1, 8.5], [1, 8])).toBe(0.5 / 8);
  expect(distance([0, 0], [0, 0])).toBe(0);
});

it("is infinite if numbers are missing or NaN", () => {
  expect(distance([1], [1, 2])).toBe(Infinity);
  expect(distance([1, NaN], [1, 2])).toBe(Infinity);
  expect(distance([1], [0])).toBe(Infinity);
});
