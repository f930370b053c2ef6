import type { BertNormalizer } from "./bert-words.js";
import { isPair, isPlain } from "./json-kinds.js";
import { wordRegExp } from "./word-patterns.js";
import { reasonOf, type Fail } from "../fail.js";

/** What a tokenizer of byte pairs is made of. */
export interface BytePairModel {
  readonly kind: "BPE";
  /** The number of each token, written as in `byte-level.ts`. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Pairs of tokens that become one, the first first. */
  readonly merges: readonly (readonly [left: string, right: string])[];
  /** Texts that are one token each. They are in the vocabulary, too. */
  readonly added: ReadonlyMap<string, number>;
  /** The form of Unicode that a text gets first. */
  readonly normalizer: "NFC" | "NFD" | "NFKC" | "NFKD" | null;
  /** Each divides the pieces of the one before. */
  readonly patterns: readonly RegExp[];
  /** Whether the pieces are divided into the words of GPT-2, too. */
  readonly hasWords: boolean;
  /** The JSON of what divides texts into words. */
  readonly words: unknown;
  /** Whether a space is put before a text that has none. */
  readonly addPrefixSpace: boolean;
  /** Whether a word that is a token is this token, whatever the merges are. */
  readonly ignoreMerges: boolean;
}

/** What a tokenizer of WordPiece is made of. */
export interface WordPieceModel {
  readonly kind: "WordPiece";
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly added: ReadonlyMap<string, number>;
  readonly normalizer: BertNormalizer | null;
  /** Before each piece but the first of a word. */
  readonly prefix: string;
  readonly unknown: number;
  /** Words with more characters are unknown. */
  readonly longestWord: number;
  /** Whether decoding writes punctuation and short forms together with the word before. */
  readonly cleanup: boolean;
  /** The file. */
  readonly json: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Numbers of tokens are below this one. */
const mostTokens = 2 ** 24;

/** Throws: FormatError unless it is the JSON of a byte-pair encoding of bytes, or of WordPiece */
export function parseTokenizerJson(text: string, fail: Fail): BytePairModel | WordPieceModel {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fail(`is no JSON: ${reasonOf(cause)}`, "Expected the tokenizer.json of a model", cause);
  }
  if (!isPlain(json) || !isPlain(json.model)) {
    throw fail("has no model; expected the tokenizer.json of a model");
  }
  // Old files have no type.
  expectField(json.model, "type", ["BPE", "WordPiece", undefined], "model", fail);
  return json.model.type === "WordPiece"
    ? wordPieceOf(json, json.model, text, fail)
    : bytePairOf(json, json.model, fail);
}

function bytePairOf(json: Json, model: Json, fail: Fail): BytePairModel {
  for (const name of ["dropout", "continuing_subword_prefix", "end_of_word_suffix"])
    expectField(model, name, [null, undefined, ""], "model", fail);
  expectField(model, "ignore_merges", [false, true, undefined], "model", fail);
  const forms = ["NFC", "NFD", "NFKC", "NFKD"] as const;
  let normalizer: BytePairModel["normalizer"] = null;
  if (isPlain(json.normalizer)) {
    expectField(json.normalizer, "type", forms, "normalizer", fail);
    normalizer = json.normalizer.type as (typeof forms)[number];
  } else expectField(json, "normalizer", [null, undefined], "tokenizer", fail);
  const words = wordsOf(json.pre_tokenizer, fail);
  const vocabulary = vocabularyOf(model.vocab, fail);
  const merges = mergesOf(model.merges, vocabulary, fail);
  const added = addedOf(json.added_tokens ?? [], vocabulary, normalizer !== null, fail);
  const ignoreMerges = model.ignore_merges === true;
  return {
    kind: "BPE",
    vocabulary,
    merges,
    added,
    normalizer,
    ...words,
    words: json.pre_tokenizer,
    ignoreMerges,
  };
}

/** What divides a text into words: ByteLevel, or a sequence of patterns with ByteLevel at its end. */
function wordsOf(json: unknown, fail: Fail) {
  const before = isPlain(json) ? json : {};
  expectField(before, "type", ["ByteLevel", "Sequence"], "pre_tokenizer", fail);
  const steps = before.type === "Sequence" ? before.pretokenizers : [before];
  if (!Array.isArray(steps) || steps.length === 0 || steps.length > 16)
    throw fail("its pre_tokenizer has no steps, or too many");
  const patterns = steps.slice(0, -1).map((step: unknown) => {
    const of = isPlain(step) ? step : {};
    expectField(of, "type", ["Split"], "pre_tokenizer", fail);
    expectField(of, "behavior", ["Isolated"], "Split", fail);
    expectField(of, "invert", [false, undefined], "Split", fail);
    const pattern = isPlain(of.pattern) ? of.pattern : {};
    if (typeof pattern.String === "string")
      return wordRegExp(pattern.String.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), fail);
    if (typeof pattern.Regex !== "string") throw fail("the field pattern of its Split is no text");
    return wordRegExp(pattern.Regex, fail);
  });
  const last: unknown = steps.at(-1);
  const byteLevel = isPlain(last) ? last : {};
  expectField(byteLevel, "type", ["ByteLevel"], "pre_tokenizer", fail);
  expectField(byteLevel, "use_regex", [true, false, undefined], "ByteLevel", fail);
  // A space would be put before each piece.
  if (patterns.length > 0) expectField(byteLevel, "add_prefix_space", [false], "ByteLevel", fail);
  return {
    patterns,
    hasWords: byteLevel.use_regex !== false,
    addPrefixSpace: byteLevel.add_prefix_space === true,
  };
}

function wordPieceOf(json: Json, model: Json, text: string, fail: Fail): WordPieceModel {
  expectField(
    isPlain(json.pre_tokenizer) ? json.pre_tokenizer : {},
    "type",
    ["BertPreTokenizer"],
    "pre_tokenizer",
    fail,
  );
  let normalizer: BertNormalizer | null = null;
  if (isPlain(json.normalizer)) {
    const of = json.normalizer;
    expectField(of, "type", ["BertNormalizer"], "normalizer", fail);
    const flags = ["clean_text", "handle_chinese_chars", "lowercase"];
    for (const name of flags) expectField(of, name, [true, false], "normalizer", fail);
    expectField(of, "strip_accents", [null, true, false, undefined], "normalizer", fail);
    const lowercase = of.lowercase === true;
    normalizer = {
      cleanText: of.clean_text === true,
      handleChineseCharacters: of.handle_chinese_chars === true,
      // BERT strips accents where it makes letters small.
      stripAccents: typeof of.strip_accents === "boolean" ? of.strip_accents : lowercase,
      lowercase,
    };
  } else expectField(json, "normalizer", [null, undefined], "tokenizer", fail);
  const decoder = isPlain(json.decoder) ? json.decoder : {};
  expectField(decoder, "type", ["WordPiece"], "decoder", fail);
  const prefix = model.continuing_subword_prefix ?? "##";
  const longestWord = model.max_input_chars_per_word ?? 100;
  if (typeof prefix !== "string" || prefix === "")
    throw fail("the field continuing_subword_prefix of its model is no text");
  expectField(decoder, "prefix", [prefix], "decoder", fail);
  // More would take time in proportion to its square.
  if (!Number.isInteger(longestWord) || (longestWord as number) < 0 || (longestWord as number) > 1000) {
    throw fail("the field max_input_chars_per_word of its model is no number from 0 to 1000");
  }
  const vocabulary = vocabularyOf(model.vocab, fail);
  const added = addedOf(json.added_tokens ?? [], vocabulary, normalizer !== null, fail);
  const unknown = vocabulary.get(String(model.unk_token));
  if (unknown === undefined) throw fail("the field unk_token of its model is no token");
  const cleanup = decoder.cleanup === true;
  return {
    kind: "WordPiece",
    vocabulary,
    added,
    normalizer,
    prefix,
    unknown,
    longestWord: longestWord as number,
    cleanup,
    json: text,
  };
}

/** Throws: FormatError for a setting that changes the tokens in a way that is not known here */
function expectField(
  object: Readonly<Record<string, unknown>>,
  name: string,
  known: readonly unknown[],
  of: string,
  fail: Fail,
): void {
  const value = object[name];
  if (known.includes(value)) return;
  const got = value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
  throw fail(
    `the field ${name} of its ${of} is ${got}; expected ${JSON.stringify(known[0])}`,
    "Byte-pair encodings of bytes are read, such as those of GPT-2 and Llama 3, and WordPiece with the words of BERT",
  );
}

function vocabularyOf(vocab: unknown, fail: Fail): Map<string, number> {
  if (!isPlain(vocab)) throw fail("has no vocabulary");
  const vocabulary = new Map<string, number>();
  const numbers = new Set<number>();
  for (const [token, number] of Object.entries(vocab)) {
    expectNumber(token, number, fail);
    if (numbers.has(number)) throw fail(`two tokens have the number ${number}`);
    numbers.add(number);
    vocabulary.set(token, number);
  }
  return vocabulary;
}

function expectNumber(token: string, number: unknown, fail: Fail): asserts number is number {
  if (Number.isInteger(number) && (number as number) >= 0 && (number as number) < mostTokens) return;
  const got = String(number).slice(0, 40);
  throw fail(
    `the token ${JSON.stringify(token.slice(0, 40))} has the number ${got}; expected 0 to ${mostTokens - 1}`,
  );
}

function mergesOf(merges: unknown, vocabulary: ReadonlyMap<string, number>, fail: Fail): [string, string][] {
  if (!Array.isArray(merges)) throw fail("has no merges");
  return merges.map((merge: unknown, i) => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    if (!isPair(pair)) throw fail(`merge ${i} is no pair of tokens`);
    const [left, right] = pair;
    for (const token of [left, right, left + right]) {
      if (vocabulary.has(token)) continue;
      throw fail(
        `merge ${i} needs the token ${JSON.stringify(token.slice(0, 40))}, which the vocabulary lacks`,
      );
    }
    return [left, right];
  });
}

/** Also adds them to the vocabulary. `isNormalized`: whether texts are changed before they are divided */
function addedOf(
  tokens: unknown,
  vocabulary: Map<string, number>,
  isNormalized: boolean,
  fail: Fail,
): Map<string, number> {
  if (!Array.isArray(tokens)) throw fail("has no list of added tokens");
  const added = new Map<string, number>();
  const texts = new Map([...vocabulary].map(([text, number]) => [number, text]));
  for (const token of tokens as unknown[]) {
    if (!isPlain(token) || typeof token.content !== "string" || token.content === "") {
      throw fail("an added token has no content");
    }
    const { content, id } = token;
    expectNumber(content, id, fail);
    // It would be sought in the changed text.
    if (isNormalized)
      expectField(token, "normalized", [false], `added token ${JSON.stringify(content.slice(0, 40))}`, fail);
    for (const flag of ["single_word", "lstrip", "rstrip"])
      expectField(
        token,
        flag,
        [false, undefined],
        `added token ${JSON.stringify(content.slice(0, 40))}`,
        fail,
      );
    if ((texts.get(id) ?? content) !== content || (vocabulary.get(content) ?? id) !== id) {
      throw fail(`the added token ${JSON.stringify(content.slice(0, 40))} contradicts the vocabulary`);
    }
    texts.set(id, content);
    vocabulary.set(content, id);
    added.set(content, id);
  }
  return added;
}
