import { describe, expect, it } from "vitest";

import { talesOf } from "../tales.js";
import { textOf } from "./own-text.js";

describe("a text of the visitor", () => {
  const text = "To be, or not to be, that is the question.\r\n".repeat(30);

  it("has one kind of line ends, pasted or as bytes", () => {
    const unix = text.replaceAll("\r", "");
    expect(textOf({ name: "a.txt", content: text })).toBe(unix);
    expect(textOf({ name: "a.txt", content: new TextEncoder().encode(`\ufeff${text}`) })).toBe(unix);
  });

  it.each([
    ["", "at least 1,000 are needed"],
    ["too short", "has 9 characters; at least 1,000 are needed"],
    [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff), "is not a text in UTF-8"],
    ["\0".repeat(2000), "so it is no text"],
    ["a".repeat(2000), "has only 1 different characters"],
    ["a".repeat(2_000_001), "has 2,000,001 characters; at most 2,000,000 are read"],
    [new Uint8Array(9_000_000), "has 9,000,000 bytes"],
    [
      Array.from({ length: 1500 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join(""),
      "1,500 different characters",
    ],
  ])("is refused with a sentence if it cannot be learned from", (content, sentence) => {
    expect(() => textOf({ name: "a.txt", content })).toThrow(sentence);
  });
});

describe("the tales", () => {
  it("are the same for the same seed, small, and of few letters and words", () => {
    const tales = talesOf();
    expect(tales).toBe(talesOf({ seed: 1 }));
    expect(tales).not.toBe(talesOf({ seed: 2 }));
    expect(tales.length).toBeGreaterThan(39_000);
    expect(tales.length).toBeLessThan(42_000);
    expect(new Set(tales).size).toBeLessThan(50);
    expect(tales).not.toMatch(/\{|\ba [aeiou]/);
  });
});
