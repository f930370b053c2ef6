import { describe, expect, it } from "vitest";

import { fraction, positiveNumber, wholeNumber } from "./numbers.js";

describe("numbers from the command line", () => {
  it("are read", () => {
    expect(wholeNumber(0)("0")).toBe(0);
    expect(wholeNumber(1)("12")).toBe(12);
    expect(positiveNumber("1e-3")).toBe(0.001);
    expect(fraction("0")).toBe(0);
    expect(fraction("0.9")).toBe(0.9);
  });

  it.each(["", " ", "abc", "-1", "1.5", "0x10", "1e3", "99999999999999999999", "0"])(
    "%j is not a whole number of at least 1",
    (text) => {
      expect(() => wholeNumber(1)(text)).toThrow("Expected a whole number of at least 1.");
    },
  );

  it.each(["", "0", "-2", "NaN", "Infinity", "1,5"])("%j is not a number above 0", (text) => {
    expect(() => positiveNumber(text)).toThrow("Expected a number above 0.");
  });

  it.each(["", " ", "1", "-0.1", "NaN", "x"])("%j is not a fraction below 1", (text) => {
    expect(() => fraction(text)).toThrow("not including, 1");
  });
});
