import { decodeUtf8 } from "@stargrad/io";
import { ArgumentError, IndexError } from "@stargrad/tensor";
import {
  expectList,
  expectOptions,
  expectValues,
  listOf,
  text as textKind,
  wholeFrom,
  writeValue,
} from "@stargrad/tensor/internal";

import { failing } from "../fail.js";
import { expectSource, nameOf, readBytes, type Source } from "../source.js";
import { addedPattern, encodeParts } from "./added-tokens.js";
import { bytesOfToken, characterOfByte, wordPattern } from "./byte-level.js";
import { mergeWord } from "./merge-word.js";
import { parseTokenizerJson, type BytePairModel } from "./tokenizer-json.js";
import { trainMerges } from "./train-merges.js";
import { divide } from "./word-patterns.js";
import { WordPieceTokenizer } from "./word-piece-tokenizer.js";

export interface TrainTokenizerOptions {
  /** The most tokens, of which 256 are the bytes. A short text has fewer. */
  readonly vocabularySize: number;
  /** Texts that are one token each, such as "<|endoftext|>". They have the first numbers. Default: none. */
  readonly specialTokens?: readonly string[];
}

/** Words that are remembered, with their tokens. */
const mostWords = 2 ** 14;

/** A tokenizer of a `tokenizer.json`. */
export type Tokenizer = BytePairTokenizer | WordPieceTokenizer;

/**
 * Byte-pair encoding of bytes, as in GPT-2 and Llama 3: a text is divided into words, and each word into bytes, which are merged to longer tokens.
 * Any text can be encoded, and `decode` returns it. Half of a surrogate pair, which UTF-8 lacks, becomes U+FFFD.
 *
 * Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units"; Hugging Face tokenizers
 */
export class BytePairTokenizer {
  /** One more than the largest number of a token: the rows of an embedding. */
  readonly size: number;
  readonly #model: BytePairModel;
  readonly #texts: ReadonlyMap<number, string>;
  readonly #merges: ReadonlyMap<string, { readonly rank: number; readonly token: number }>;
  /** Matches the added tokens; null if there are none. */
  readonly #added: RegExp | null;
  readonly #words = new Map<string, readonly number[]>();

  /** Use `BytePairTokenizer.train`, `BytePairTokenizer.fromJson` or `readTokenizer`. */
  constructor(model: BytePairModel) {
    this.#model = model;
    const { vocabulary, added, merges } = model;
    this.#texts = new Map([...vocabulary].map(([text, token]) => [token, text]));
    this.#merges = new Map(
      merges.map(([left, right], rank) => [
        `${vocabulary.get(left)} ${vocabulary.get(right)}`,
        { rank, token: vocabulary.get(left + right) ?? 0 },
      ]),
    );
    this.size = [...vocabulary.values(), ...added.values()].reduce(
      (most, token) => Math.max(most, token + 1),
      0,
    );
    this.#added = addedPattern(added);
  }

  /**
   * Learns the merges of a text: the most frequent pair of neighbouring tokens becomes a new token, again and again. The result depends
   * on the text alone.
   *
   * Throws: ArgumentError for a vocabulary that is too small for the bytes and the special tokens
   */
  static train(text: string, options: TrainTokenizerOptions): BytePairTokenizer {
    const called = "BytePairTokenizer.train";
    expectValues(called, { text }, textKind);
    expectOptions<TrainTokenizerOptions>(
      called,
      options,
      { vocabularySize: wholeFrom(256), specialTokens: listOf(textKind) },
      ["vocabularySize"],
    );
    const { vocabularySize, specialTokens = [] } = options;
    const added = new Map(specialTokens.map((token, i) => [token, i]));
    if (added.has("") || added.size < specialTokens.length || vocabularySize < 256 + added.size) {
      throw new ArgumentError(
        called,
        `got vocabularySize ${vocabularySize} and ${specialTokens.length} special tokens; expected different tokens, and at least 256 more`,
      );
    }
    const vocabulary = new Map(added);
    for (const character of [...characterOfByte].sort()) add(vocabulary, character);
    const counts = new Map<string, number>();
    for (const [word] of text.matchAll(wordPattern)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const words = [...counts].map(([word, count]) => ({
      tokens: tokensOfBytes(called, word, vocabulary),
      count,
    }));
    const texts = [...vocabulary.keys()];
    const merges: [string, string][] = [];
    trainMerges(words, vocabularySize - vocabulary.size, ({ left, right }) => {
      merges.push([texts[left], texts[right]]);
      const token = add(vocabulary, texts[left] + texts[right]);
      texts[token] = texts[left] + texts[right];
      return token;
    });
    return new BytePairTokenizer({
      kind: "BPE",
      vocabulary,
      merges,
      added,
      normalizer: null,
      patterns: [],
      words: byteLevelJson({ addPrefixSpace: false, hasWords: true }),
      hasWords: true,
      addPrefixSpace: false,
      ignoreMerges: false,
    });
  }

  /**
   * Reads the text of a `tokenizer.json`: byte-pair encoding of bytes, with the words of GPT-2 or of patterns, as of Llama 3 and Qwen.
   *
   * Throws: FormatError for other kinds of tokenizers, which it names, and for damaged files
   */
  static fromJson(text: string): BytePairTokenizer {
    expectValues("BytePairTokenizer.fromJson", { text }, textKind);
    const fail = failing("BytePairTokenizer.fromJson");
    const model = parseTokenizerJson(text, fail);
    if (model.kind === "BPE") return new BytePairTokenizer(model);
    throw fail("is WordPiece", "Read it with WordPieceTokenizer.fromJson or readTokenizer");
  }

  /**
   * The tokens of a text. An added token in it, such as "<|endoftext|>", is one token; none is added at the ends.
   *
   * Throws: ArgumentError for what is no text, and for a byte that the vocabulary lacks
   */
  encode(text: string): Int32Array {
    expectValues("BytePairTokenizer.encode", { text }, textKind);
    return encodeParts(text, this.#added, this.#model.added, (part, tokens) => {
      this.#encodePart(part, tokens);
    });
  }

  /**
   * The text of tokens. Bytes that are no UTF-8, as of half a character, become U+FFFD.
   *
   * Throws: ArgumentError for what is no list; IndexError for a number that is no token
   */
  decode(tokens: Iterable<number>): string {
    const called = "BytePairTokenizer.decode";
    const numbers = expectList(called, tokens, "tokens", "Read a tensor with await x.data()") as number[];
    const bytes: number[] = [];
    for (const token of numbers) {
      const text = this.#texts.get(token);
      if (text === undefined) {
        throw new IndexError(
          called,
          `got ${writeValue(token)}; expected a token, from 0 to ${this.size - 1}`,
        );
      }
      const isAdded = this.#model.added.get(text) === token;
      for (const byte of isAdded ? new TextEncoder().encode(text) : bytesOfToken(text)) bytes.push(byte);
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  /** The text of a `tokenizer.json`, which Hugging Face's libraries read, too. */
  toJson(): string {
    const { vocabulary, merges, added, normalizer, words, addPrefixSpace, hasWords, ignoreMerges } =
      this.#model;
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    return JSON.stringify({
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [...added].map(([content, id]) => ({ id, content, ...flags })),
      normalizer: normalizer === null ? null : { type: normalizer },
      pre_tokenizer: words,
      post_processor: null,
      decoder: byteLevelJson({ addPrefixSpace, hasWords }),
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: ignoreMerges,
        vocab: Object.fromEntries(vocabulary),
        merges,
      },
    });
  }

  #encodePart(part: string, tokens: number[]): void {
    const { normalizer, patterns, hasWords, addPrefixSpace } = this.#model;
    const normal = normalizer === null ? part : part.normalize(normalizer);
    const text = addPrefixSpace && !normal.startsWith(" ") ? ` ${normal}` : normal;
    const pieces = patterns.reduce((all, pattern) => all.flatMap((each) => divide(each, pattern)), [text]);
    for (const word of hasWords ? pieces.flatMap((each) => divide(each, wordPattern)) : pieces) {
      for (const token of this.#encodeWord(word)) tokens.push(token);
    }
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const whole = this.#model.ignoreMerges ? this.#wholeWord(word) : undefined;
    if (whole !== undefined) return [whole];
    const bytes = tokensOfBytes("BytePairTokenizer.encode", word, this.#model.vocabulary);
    const tokens = mergeWord(bytes, (left, right) => this.#merges.get(`${left} ${right}`));
    if (this.#words.size >= mostWords) this.#words.clear();
    if (word.length < 100) this.#words.set(word, tokens);
    return tokens;
  }

  #wholeWord(word: string): number | undefined {
    const characters = Array.from(new TextEncoder().encode(word), (byte) => characterOfByte[byte]);
    return this.#model.vocabulary.get(characters.join(""));
  }
}

function byteLevelJson({ addPrefixSpace, hasWords }: { addPrefixSpace: boolean; hasWords: boolean }) {
  return { type: "ByteLevel", add_prefix_space: addPrefixSpace, trim_offsets: true, use_regex: hasWords };
}

/**
 * Reads a `tokenizer.json` of byte pairs or of WordPiece, as {@link BytePairTokenizer.fromJson} and {@link WordPieceTokenizer.fromJson} do: a path, or a `File` or `Blob` of a page.
 *
 * Throws: FormatError, naming the file, for other kinds of tokenizers and damaged files; StargradError if it cannot be read
 */
export async function readTokenizer(source: Source): Promise<Tokenizer> {
  expectSource("readTokenizer", source);
  const called = `readTokenizer(${nameOf(source)})`;
  const fail = failing(called);
  const text = decodeUtf8(await readBytes(source, called));
  if (text === null) throw fail("is not UTF-8");
  const model = parseTokenizerJson(text, fail);
  return model.kind === "BPE" ? new BytePairTokenizer(model) : new WordPieceTokenizer(model);
}

/** The number of a text, which is new or known. */
function add(vocabulary: Map<string, number>, text: string): number {
  const token = vocabulary.get(text) ?? vocabulary.size;
  vocabulary.set(text, token);
  return token;
}

function tokensOfBytes(called: string, word: string, vocabulary: ReadonlyMap<string, number>): number[] {
  return Array.from(new TextEncoder().encode(word), (byte) => {
    const token = vocabulary.get(characterOfByte[byte]);
    if (token !== undefined) return token;
    throw new ArgumentError(
      called,
      `the vocabulary lacks the byte ${byte}, of ${JSON.stringify(word.slice(0, 40))}`,
    );
  });
}
