import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Vocabulary } from "./index.js";

describe("a vocabulary", () => {
  it("numbers the characters of a text in sorted order", () => {
    const vocabulary = new Vocabulary("to be\nor not 😀");
    expect(vocabulary.characters).toEqual(["\n", " ", "b", "e", "n", "o", "r", "t", "😀"]);
    expect(vocabulary.size).toBe(9);
    expect([...vocabulary.encode("on 😀")]).toEqual([5, 4, 1, 8]);
    expect(vocabulary.decode([5, 4, 1, 8])).toBe("on 😀");
  });

  it("decodes what it encoded, and is the same when made again from its characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const vocabulary = new Vocabulary(text);
        expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
        expect(new Vocabulary(vocabulary.characters.join("")).characters).toEqual(vocabulary.characters);
      }),
    );
  });

  it("names an unknown character, and a token out of range", () => {
    const vocabulary = new Vocabulary("abc");
    expect(() => vocabulary.encode("cab\n")).toThrow(
      'Vocabulary.encode: got the character "\\n", which is not one of the 3 in the vocabulary',
    );
    for (const token of [3, -1, 0.5, NaN]) {
      expect(() => vocabulary.decode([0, token])).toThrow(`got ${token}; expected 0 to 2`);
    }
    expect(() => vocabulary.decode(["length"] as never)).toThrow('got "length"; expected 0 to 2');
  });

  it("refuses what is no text and no list of tokens", () => {
    const vocabulary = new Vocabulary("abc");
    const wrong = [undefined, null, 3, ["a", "b"], new Map(), {}, Promise.resolve("a")] as never[];
    for (const value of wrong) {
      expect(() => new Vocabulary(value)).toThrow(/^Vocabulary: got text .*; expected a text/);
      expect(() => vocabulary.encode(value)).toThrow(/^Vocabulary.encode: got text .*; expected a text/);
    }
    for (const value of [undefined, 3, "ab", Promise.resolve([0])] as never[]) {
      expect(() => vocabulary.decode(value)).toThrow(/^Vocabulary.decode: got .*; expected a list of tokens/);
    }
    expect(() => new Vocabulary(Promise.resolve("a") as never)).toThrow("A forgotten await?");
  });
});
