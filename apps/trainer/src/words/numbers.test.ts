import { expect, it } from "vitest";

import { thousands } from "./numbers.js";

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
