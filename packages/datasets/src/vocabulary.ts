import { ArgumentError, IndexError } from "@stargrad/tensor";
import { expectList, expectValues, text as textKind, writeValue } from "@stargrad/tensor/internal";

/**
 * The distinct characters of a text. The token of a character is its index among them in sorted order. A vocabulary made
 * from `characters.join("")` is the same again.
 */
export class Vocabulary {
  readonly characters: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  /** Throws: ArgumentError for what is no text */
  constructor(text: string) {
    expectValues("Vocabulary", { text }, textKind);
    this.characters = [...new Set(text)].sort();
    this.#numbers = new Map(this.characters.map((character, number) => [character, number]));
  }

  /** How many characters there are. */
  get size(): number {
    return this.characters.length;
  }

  /**
   * Converts a text to tokens, one for each character.
   *
   * Throws: ArgumentError for what is no text, and for a character that is not in the vocabulary
   */
  encode(text: string): Int32Array {
    expectValues("Vocabulary.encode", { text }, textKind);
    return Int32Array.from(text, (character) => {
      const number = this.#numbers.get(character);
      if (number !== undefined) return number;
      throw new ArgumentError(
        "Vocabulary.encode",
        `got the character ${JSON.stringify(character)}, which is not one of the ${this.size} in the vocabulary`,
      );
    });
  }

  /**
   * Converts tokens to a text.
   *
   * Throws: ArgumentError for what is no list; IndexError for a number outside 0 … size − 1
   */
  decode(tokens: Iterable<number>): string {
    const numbers = expectList("Vocabulary.decode", tokens, "tokens", "Read a tensor with await x.data()");
    return Array.from(numbers as number[], (token) => {
      if (Number.isInteger(token) && token in this.characters) return this.characters[token];
      throw new IndexError("Vocabulary.decode", `got ${writeValue(token)}; expected 0 to ${this.size - 1}`);
    }).join("");
  }
}
