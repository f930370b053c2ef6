import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { FormatError } from "@stargrad/io";
import { ArgumentError, IndexError } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { BytePairTokenizer, readTokenizer, WordPieceTokenizer } from "../index.js";
import { Heap } from "./heap.js";

interface Golden {
  /** What the tokenizers of `others` encode. */
  readonly texts: readonly string[];
  readonly others: readonly {
    readonly name: string;
    readonly file: { readonly model: { readonly type: string } };
    readonly encodings: readonly (readonly number[])[];
    readonly decoded: readonly string[];
  }[];
  readonly text: string;
  readonly special: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly file: { readonly model: { readonly vocab: Readonly<Record<string, number>>; merges: unknown } };
    readonly texts: readonly string[];
    readonly encodings: readonly (readonly number[])[];
    readonly decoded: readonly string[];
  }[];
}

/** The parts of a tokenizer.json that the tests change. */
interface TokenizerFile {
  normalizer: unknown;
  pre_tokenizer: unknown;
  added_tokens: Record<string, unknown>[];
  model: { type: string; dropout?: number; vocab: Record<string, number>; merges: unknown[] };
}

const goldenPath = (name: string) => fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
const golden = JSON.parse(readFileSync(goldenPath("tokenizer-cases.json"), "utf8")) as Golden;
const plain = readFileSync(goldenPath("tokenizer.json"), "utf8");

describe("a tokenizer.json", () => {
  it.each(golden.cases)("encodes and decodes as Hugging Face's tokenizers: $name", (golden) => {
    const tokenizer = BytePairTokenizer.fromJson(JSON.stringify(golden.file));
    expect(golden.texts.map((text) => [...tokenizer.encode(text)])).toEqual(golden.encodings);
    expect(golden.encodings.map((tokens) => tokenizer.decode(tokens))).toEqual(golden.decoded);
    // Again, with the words that are remembered.
    expect(golden.texts.map((text) => [...tokenizer.encode(text)])).toEqual(golden.encodings);
    const again = BytePairTokenizer.fromJson(tokenizer.toJson());
    expect(golden.texts.map((text) => [...again.encode(text)])).toEqual(golden.encodings);
  });

  it.each(golden.others)(
    "encodes and decodes as Hugging Face's tokenizers: $name",
    async ({ file, encodings, decoded }) => {
      const text = JSON.stringify(file);
      const tokenizer = await readTokenizer(new Blob([text]));
      expect(tokenizer).toBeInstanceOf(file.model.type === "BPE" ? BytePairTokenizer : WordPieceTokenizer);
      for (const [i, each] of golden.texts.entries()) {
        expect([...tokenizer.encode(each)], each).toEqual(encodings[i]);
        expect(tokenizer.decode(encodings[i]), each).toBe(decoded[i]);
      }
      const again = await readTokenizer(new Blob([tokenizer.toJson()]));
      expect(golden.texts.map((each) => [...again.encode(each)])).toEqual(encodings);
      // The other class says which one reads it.
      const other = file.model.type === "BPE" ? WordPieceTokenizer : BytePairTokenizer;
      expect(() => other.fromJson(text)).toThrow(/is (WordPiece|a byte-pair encoding)\. Read it with/);
    },
  );

  it("is read from a file", async () => {
    const tokenizer = await readTokenizer(goldenPath("tokenizer.json"));
    expect(tokenizer.size).toBe(350);
    await expect(readTokenizer(new File(["{"], "a.json"))).rejects.toThrow(
      "readTokenizer(a.json): is no JSON",
    );
    await expect(readTokenizer(new Blob([Uint8Array.of(0xff)]))).rejects.toThrow(FormatError);
  });

  const changed = (change: (json: TokenizerFile) => void): string => {
    const json = JSON.parse(plain) as TokenizerFile;
    change(json);
    return JSON.stringify(json);
  }; // prettier-ignore
  it.each<[string, string, string]>([
    ["another model", changed((json) => { json.model.type = "Unigram"; }), 'the field type of its model is "Unigram"; expected "BPE"'],
    ["a normalizer", changed((json) => { json.normalizer = { type: "Lowercase" }; }), 'the field type of its normalizer is "Lowercase"'],
    ["a list of normalizers", changed((json) => { json.normalizer = [] as unknown; }), "the field normalizer of its tokenizer is []"],
    ["another step", changed((json) => { json.pre_tokenizer = { type: "Sequence", pretokenizers: [{ type: "Digits" }, {}] }; }), 'the field type of its pre_tokenizer is "Digits"'],
    ["no last step", changed((json) => { json.pre_tokenizer = { type: "Sequence", pretokenizers: [{ type: "Split" }] }; }), 'the field type of its pre_tokenizer is "Split"'],
    ["a token of changed texts", changed((json) => { json.normalizer = { type: "NFC" }; json.added_tokens[0].normalized = true; }), "the field normalized of its added token"],
    ...["(a+)+", "a++", "a*+", "a{2}{3}", "\\w+", "\\p{Emoji}", ".", "^a", "a$", "(?<=a)b", "(?>a)", "[a&&b]", "[a[b]]", "(a", "a)", "*a", "(?i:[ab])", "\\b", "[b-a]", ""].map(
      (pattern): [string, string, string] => [
        `the pattern ${pattern}`,
        changed((json) => {
          json.pre_tokenizer = { type: "Sequence", pretokenizers: [{ type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false }, { type: "ByteLevel", add_prefix_space: false, use_regex: false }] };
        }),
        "its pattern of words has",
      ],
    ),
    ["other words", changed((json) => { json.pre_tokenizer = { type: "Whitespace" }; }), 'of its pre_tokenizer is "Whitespace"'],
    ["no words", changed((json) => { json.pre_tokenizer = null; }), "of its pre_tokenizer is nothing"],
    ["dropout", changed((json) => { json.model.dropout = 0.1; }), "the field dropout of its model is 0.1"],
    ["no vocabulary", changed((json) => { json.model.vocab = undefined as never; }), "has no vocabulary"],
    ["a fraction", changed((json) => { json.model.vocab.a = 1.5; }), 'the token "a" has the number 1.5'],
    ["a huge number", changed((json) => { json.model.vocab.a = 2 ** 40; }), 'the token "a" has the number 1099511627776'],
    ["a number twice", changed((json) => { json.model.vocab.a = 5; }), "two tokens have the number 5"],
    ["no merges", changed((json) => { json.model.merges = {} as never; }), "has no merges"],
    ["half a merge", changed((json) => { json.model.merges[3] = "a"; }), "merge 3 is no pair of tokens"],
    ["an unknown merge", changed((json) => { json.model.merges[3] = ["a", "?!"]; }), 'merge 3 needs the token "?!"'],
    ["a nameless token", changed((json) => { json.added_tokens[0].content = ""; }), "an added token has no content"],
    ["a token that strips", changed((json) => { json.added_tokens[0].lstrip = true; }), "the field lstrip of its added token"],
    ["a contradiction", changed((json) => { json.added_tokens[0].id = 7; }), "contradicts the vocabulary"],
    ["no object", "[]", "has no model"],
  ])("with %s is refused", (_, json, problem) => {
    expect(() => BytePairTokenizer.fromJson(json)).toThrow(FormatError);
    expect(() => BytePairTokenizer.fromJson(json)).toThrow(problem);
  }); // prettier-ignore

  it("that was changed is read or refused", () => {
    fc.assert(
      fc.property(
        fc.nat(plain.length - 1),
        fc.constantFrom("{", "}", "[", "]", '"', ",", ":", "0", "a", " ", "\u00ff"),
        (at, character) => {
          try {
            const read = BytePairTokenizer.fromJson(plain.slice(0, at) + character + plain.slice(at + 1));
            expect(read.size).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        },
      ),
      { numRuns: sized({ short: 60, long: 20_000 }) },
    );
  }, 60_000);

  it("without all bytes says which is missing", () => {
    const json = changed((file) => {
      file.model = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] };
      file.added_tokens = [];
    });
    const tokenizer = BytePairTokenizer.fromJson(json);
    expect([...tokenizer.encode("abba")]).toEqual([2, 1, 0]);
    expect(() => tokenizer.encode("abc")).toThrow('the vocabulary lacks the byte 99, of "abc"');
  });
});

describe("BytePairTokenizer.train", () => {
  it.each(golden.cases.filter(({ name }) => name !== "prefixed"))(
    "learns the merges that Hugging Face's tokenizers learn: $name",
    ({ file, encodings, texts }) => {
      const vocabularySize = Object.keys(file.model.vocab).length;
      const tokenizer = BytePairTokenizer.train(golden.text, {
        vocabularySize,
        specialTokens: golden.special,
      });
      const { model } = JSON.parse(tokenizer.toJson()) as (typeof golden.cases)[number]["file"];
      expect(model.merges).toEqual(file.model.merges);
      expect(model.vocab).toEqual(file.model.vocab);
      expect(texts.map((text) => [...tokenizer.encode(text)])).toEqual(encodings);
    },
  );

  it("returns every text, whatever it was trained on", () => {
    const texts = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "'s", "🌟"), maxLength: 60 }));
    fc.assert(
      fc.property(texts, texts, fc.nat(40), (training, text, more) => {
        const options = { vocabularySize: 257 + more, specialTokens: ["a b"] };
        const tokenizer = BytePairTokenizer.train(training, options);
        const tokens = tokenizer.encode(text);
        expect(tokenizer.decode(tokens)).toBe(text);
        expect(tokens.every((token) => token < tokenizer.size)).toBe(true);
        expect(BytePairTokenizer.train(training, options).toJson()).toBe(tokenizer.toJson());
      }),
      { numRuns: sized({ short: 60, long: 5000 }) },
    );
  }, 60_000); // prettier-ignore

  it("encodes a long word in steps that are nearly its length", () => {
    const tokenizer = BytePairTokenizer.train("ab".repeat(100), { vocabularySize: 270 });
    const word = "ab".repeat(50_000);
    expect(tokenizer.decode(tokenizer.encode(word))).toBe(word);
  });

  it("refuses what it cannot do, and replaces half of a surrogate pair", () => {
    expect(() => BytePairTokenizer.train("a", { vocabularySize: 255 })).toThrow("at least 256");
    for (const specialTokens of [["a", "a"], [""], ["a"]]) {
      expect(() => BytePairTokenizer.train("a", { vocabularySize: 256, specialTokens })).toThrow(
        ArgumentError,
      );
    }
    const tokenizer = BytePairTokenizer.train("", { vocabularySize: 300 });
    expect(tokenizer.size).toBe(256);
    expect(() => tokenizer.encode(3 as never)).toThrow("got text 3; expected a text");
    expect(() => tokenizer.decode([256])).toThrow(IndexError);
    expect(tokenizer.decode(tokenizer.encode("a\ud800b\ufeff"))).toBe("a\ufffdb\ufeff");
    expect(tokenizer.decode(tokenizer.encode("ü").subarray(1))).toBe("\ufffd");
  });
});

describe("Heap", () => {
  it("returns elements in their order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (numbers) => {
        const heap = new Heap<number>((a, b) => a < b);
        for (const number of numbers) heap.push(number);
        const popped = numbers.map(() => heap.pop());
        expect(popped).toEqual(numbers.toSorted((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});
