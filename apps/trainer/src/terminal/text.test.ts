import { describe, expect, it } from "vitest";

import { inLines } from "./report-error.js";
import { lineWidth, secondsSince, sideBySide, sparkline, wrap } from "./text.js";
import { percent, short } from "../words/numbers.js";

describe("wrap", () => {
  it("fills lines up to the width, and never breaks before a %", () => {
    expect(wrap("misses by 26 % of its size", 12)).toEqual(["misses by", "26 % of its", "size"]);
    expect(wrap("a longwordthatfitsnowhere b", 6)).toEqual(["a", "longwordthatfitsnowhere", "b"]);
  });
});

describe("the width of lines", () => {
  it("is that of a narrow terminal, and at most 78", () => {
    expect([{ columns: 40 }, { columns: 300 }, { columns: 5 }, { columns: 0 }, {}].map(lineWidth)).toEqual([
      38, 78, 20, 78, 78,
    ]);
  });

  it("applies to messages in a terminal, and not to what programs read", () => {
    const message = "stargrad: the first line is long\nshort";
    const stream = (isTTY: boolean) => ({ isTTY, columns: 20 });
    expect(inLines(message, stream(true))).toBe("stargrad: the first\nline is long\nshort");
    expect(inLines(message, stream(false))).toBe(message);
  });
});

describe("the time of a command", () => {
  it("is not negative if the clock is set back", () => {
    expect(secondsSince(performance.now() + 2e9)).toBe(0);
  });
});

describe("sideBySide", () => {
  it("pads the shorter block", () => {
    expect(sideBySide([["ab", "cd"], ["x"]], [2, 1])).toEqual(["ab  x", "cd"]);
    expect(sideBySide([["ab"], ["x", "y"]], [2, 1])).toEqual(["ab  x", "    y"]);
  });
});

describe("numbers", () => {
  it("have few significant digits", () => {
    expect([0.14932, 12.345, 0.0001234].map(short)).toEqual(["0.149", "12.3", "0.000123"]);
    expect([0.2613, 0.0191, 0.0996].map((value) => percent(value))).toEqual(["26 %", "1.9 %", "10 %"]);
    expect(percent(0.9461, 1)).toBe("94.6 %");
  });
});

describe("sparkline", () => {
  it("is logarithmic from the smallest to the largest value", () => {
    expect(sparkline([1, 0.1, 0.01, 0.001])).toBe("█▆▃▁");
    expect(sparkline([3, 3])).toBe("▁▁");
  });
});
