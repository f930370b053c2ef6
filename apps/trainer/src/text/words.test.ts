import { describe, expect, it } from "vitest";

import { outcomeLines, reportLine, sampleLines } from "./words.js";

describe("a sample", () => {
  it("is indented line by line, without the empty lines around it", () => {
    expect(sampleLines("\n\nTo be,\n\nor not\n", 78)).toEqual(["  │ To be,", "  │", "  │ or not"]);
  });

  it("fits into 80 columns", () => {
    const lines = sampleLines("x".repeat(200), 78);
    expect(lines.map((line) => line.length)).toEqual([78, 78, 56]);
  });

  it("is divided between words, of which none gets lost", () => {
    expect(sampleLines("To be, or not to be, that is the question:", 20)).toEqual([
      "  │ To be, or not",
      "  │ to be, that is",
      "  │ the question:",
    ]);
    expect(sampleLines("a verylongwordthatfitsnowhere b", 14)).toEqual([
      "  │ a",
      "  │ verylongwo",
      "  │ rdthatfits",
      "  │ nowhere b",
    ]);
  });

  it("contains no control characters for the terminal", () => {
    expect(sampleLines("a\u001b[2Jb\rc\u0007\td\u202ee", 78)).toEqual(["  │ a·[2Jb·c· d·e"]);
  });
});

describe("a report", () => {
  const report = { step: 50, steps: 1000, validationLoss: 1.8765, seconds: 61.4 };

  it("is one line", () => {
    expect(reportLine(report, 1.912)).toBe("step   50/1000  loss 1.91  validation 1.88  61 s");
  });

  it("has no training loss before the first step", () => {
    expect(reportLine({ ...report, step: 0 }, NaN)).toBe("step    0/1000  validation 1.88  61 s");
  });
});

describe("the outcome", () => {
  it("is compared with a bigram's", () => {
    expect(outcomeLines({ validationLoss: Math.log(6), bigramLoss: Math.log(12) })).toEqual([
      "Validation: 1.79 nats per character, as hard as choosing among 6.00.",
      "A bigram: 2.48, among 12.0. The model is better.",
    ]);
    expect(outcomeLines({ validationLoss: 3, bigramLoss: 2 })[1]).toBe(
      "A bigram: 2.00, among 7.39. The bigram is still better.",
    );
  });
});
