import { expect, it } from "vitest";

import { roughly, squared, thousands } from "./numbers.js";

it.each([
  [0, "0"],
  [-999, "-999"],
  [1000, "1,000"],
  [-1234567, "-1,234,567"],
  [123456.5, "123,456.5"],
])("writes %d as %j, with a comma before every three digits", (value, text) => {
  expect(thousands(value)).toBe(text);
  expect(thousands(value)).toBe(value.toLocaleString("en"));
});

it.each([
  [0, "0"],
  [0.00004, "≈ 0"],
  [-0.00004, "≈ 0"],
  [0.00006, "0.0001"],
  [-1.23456, "−1.2346"],
])("writes %d with four decimals as %j", (value, text) => {
  expect(roughly(value, 4)).toBe(text);
});

it.each([
  [0.494, "0.494²"],
  [-0.689, "(−0.689)²"],
  [-0.0001, "0.000²"],
])("writes the square of %d as %j", (value, text) => {
  expect(squared(value)).toBe(text);
});
