import { isPair, isPlain } from "./json-kinds.js";
import { reasonOf, type Fail } from "../fail.js";

/** What a tokenizer is made of. */
export interface TokenizerModel {
  /** The number of each token, written as in `byte-level.ts`. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Pairs of tokens that become one, the first first. */
  readonly merges: readonly (readonly [left: string, right: string])[];
  /** Texts that are one token each. They are in the vocabulary, too. */
  readonly added: ReadonlyMap<string, number>;
  /** Whether a space is put before a text that has none. */
  readonly addPrefixSpace: boolean;
}

/** Numbers of tokens are below this one. */
const mostTokens = 2 ** 24;

/** Throws: FormatError unless it is the JSON of a byte-pair encoding of bytes */
export function parseTokenizerJson(text: string, fail: Fail): TokenizerModel {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fail(`is no JSON: ${reasonOf(cause)}`, "Expected the tokenizer.json of a model", cause);
  }
  if (!isPlain(json) || !isPlain(json.model)) {
    throw fail("has no model; expected the tokenizer.json of a model");
  }
  const { model } = json;
  // Old files have no type.
  expectField(model, "type", ["BPE", undefined], "model", fail);
  for (const name of ["dropout", "continuing_subword_prefix", "end_of_word_suffix"])
    expectField(model, name, [null, undefined, ""], "model", fail);
  expectField(model, "ignore_merges", [false, undefined], "model", fail);
  expectField(json, "normalizer", [null, undefined], "tokenizer", fail);
  const before = isPlain(json.pre_tokenizer) ? json.pre_tokenizer : {};
  expectField(before, "type", ["ByteLevel"], "pre_tokenizer", fail);
  expectField(before, "use_regex", [true, undefined], "pre_tokenizer", fail);
  const vocabulary = vocabularyOf(model.vocab, fail);
  const merges = mergesOf(model.merges, vocabulary, fail);
  const added = addedOf(json.added_tokens ?? [], vocabulary, fail);
  return { vocabulary, merges, added, addPrefixSpace: before.add_prefix_space === true };
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
    "Only byte-pair encodings of bytes are read, such as that of GPT-2",
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

/** Also adds them to the vocabulary. */
function addedOf(tokens: unknown, vocabulary: Map<string, number>, fail: Fail): Map<string, number> {
  if (!Array.isArray(tokens)) throw fail("has no list of added tokens");
  const added = new Map<string, number>();
  const texts = new Map([...vocabulary].map(([text, number]) => [number, text]));
  for (const token of tokens as unknown[]) {
    if (!isPlain(token) || typeof token.content !== "string" || token.content === "") {
      throw fail("an added token has no content");
    }
    const { content, id } = token;
    expectNumber(content, id, fail);
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
