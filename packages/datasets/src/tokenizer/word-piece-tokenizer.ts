import { IndexError } from "@stargrad/tensor";
import { expectList, expectValues, text as textKind, writeValue } from "@stargrad/tensor/internal";

import { failing } from "../fail.js";
import { addedPattern, encodeParts } from "./added-tokens.js";
import { normalizeForBert, wordsForBert } from "./bert-words.js";
import { parseTokenizerJson, type WordPieceModel } from "./tokenizer-json.js";

/** What is written together with what is before it. */
const joined: readonly (readonly [apart: string, together: string])[] = [
  [" .", "."], [" ?", "?"], [" !", "!"], [" ,", ","], [" ' ", "'"], [" n't", "n't"], [" 'm", "'m"], [" do not", " don't"], [" 's", "'s"],
  [" 've", "'ve"], [" 're", "'re"],
]; // prettier-ignore

/**
 * WordPiece, as in BERT: each word is divided into the longest pieces of the vocabulary, from its beginning on; a word that cannot be is
 * the unknown token.
 *
 * Source: Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers; Hugging Face tokenizers
 */
export class WordPieceTokenizer {
  /** One more than the largest number of a token: the rows of an embedding. */
  readonly size: number;
  readonly #model: WordPieceModel;
  readonly #texts: ReadonlyMap<number, string>;
  readonly #added: RegExp | null;

  /** Use `WordPieceTokenizer.fromJson` or `readTokenizer`. */
  constructor(model: WordPieceModel) {
    this.#model = model;
    this.#texts = new Map([...model.vocabulary].map(([text, token]) => [token, text]));
    this.size = [...this.#texts.keys()].reduce((most, token) => Math.max(most, token + 1), 0);
    this.#added = addedPattern(model.added);
  }

  /**
   * Reads the text of a `tokenizer.json` with WordPiece and the words of BERT.
   *
   * Throws: FormatError for other kinds of tokenizers, which it names, and for damaged files
   */
  static fromJson(text: string): WordPieceTokenizer {
    const called = "WordPieceTokenizer.fromJson";
    expectValues(called, { text }, textKind);
    const model = parseTokenizerJson(text, failing(called));
    if (model.kind === "WordPiece") return new WordPieceTokenizer(model);
    throw failing(called)(
      "is a byte-pair encoding",
      "Read it with BytePairTokenizer.fromJson or readTokenizer",
    );
  }

  /**
   * The tokens of a text. An added token in it, such as "[MASK]", is one token; none, such as "[CLS]", is added at the ends.
   *
   * Throws: ArgumentError for what is no text
   */
  encode(text: string): Int32Array {
    expectValues("WordPieceTokenizer.encode", { text }, textKind);
    return encodeParts(text, this.#added, this.#model.added, (part, tokens) => {
      const { normalizer } = this.#model;
      for (const word of wordsForBert(normalizer === null ? part : normalizeForBert(part, normalizer))) {
        for (const token of this.#encodeWord(word)) tokens.push(token);
      }
    });
  }

  /**
   * The text of tokens, with a space between words, which a text with other spaces does not return to.
   *
   * Throws: ArgumentError for what is no list; IndexError for a number that is no token
   */
  decode(tokens: Iterable<number>): string {
    const called = "WordPieceTokenizer.decode";
    const { prefix, cleanup } = this.#model;
    const numbers = expectList(called, tokens, "tokens", "Read a tensor with await x.data()") as number[];
    return numbers
      .map((token, i) => {
        const text = this.#texts.get(token);
        if (text === undefined) {
          throw new IndexError(
            called,
            `got ${writeValue(token)}; expected a token, from 0 to ${this.size - 1}`,
          );
        }
        const piece = i === 0 ? text : text.startsWith(prefix) ? text.slice(prefix.length) : ` ${text}`;
        return cleanup
          ? joined.reduce((sum, [apart, together]) => sum.replaceAll(apart, together), piece)
          : piece;
      })
      .join("");
  }

  /** The text of the `tokenizer.json`, which Hugging Face's libraries read, too. */
  toJson(): string {
    return this.#model.json;
  }

  #encodeWord(word: string): number[] {
    const { vocabulary, prefix, unknown, longestWord } = this.#model;
    const characters = Array.from(word);
    if (characters.length > longestWord) return [unknown];
    const tokens: number[] = [];
    for (let begin = 0; begin < characters.length;) {
      let end = characters.length;
      let token: number | undefined;
      for (; end > begin && token === undefined; end--) {
        token = vocabulary.get((begin > 0 ? prefix : "") + characters.slice(begin, end).join(""));
      }
      if (token === undefined) return [unknown];
      tokens.push(token);
      begin = end + 1;
    }
    return tokens;
  }
}
