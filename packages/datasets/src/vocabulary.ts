import { ArgumentError, IndexError } from "@stargrad/tensor";

/**
 * The distinct characters of a text. The token of a character is its index among them in sorted order. A vocabulary made
 * from `characters.join("")` is the same again.
 */
export class Vocabulary {
  readonly characters: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(text: string) {
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
   * Throws: ArgumentError for a character that is not in the vocabulary
   */
  encode(text: string): Int32Array {
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
   * Throws: IndexError for a number outside 0 … size − 1
   */
  decode(tokens: Iterable<number>): string {
    return Array.from(tokens, (token) => {
      if (token in this.characters) return this.characters[token];
      throw new IndexError("Vocabulary.decode", `got ${token}; expected 0 to ${this.size - 1}`);
    }).join("");
  }
}
