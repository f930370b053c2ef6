/** The words of a program that stand in memory while it runs: a failure, the addresses of inputs and outputs, tables. */
export class Constants {
  /** Which word is the address of a buffer. */
  readonly slots: ReadonlyMap<number, number>;
  readonly #tables: Int32Array[] = [];
  readonly #known = new Map<string, number>();
  #words: number;

  constructor(outside: readonly number[]) {
    this.slots = new Map(outside.map((buffer, i) => [buffer, failureWords + i]));
    this.#words = wholeVectors(failureWords + outside.length);
    this.#tables.push(new Int32Array(this.#words));
  }

  /** Where a table begins, in bytes. Each is kept once. */
  add(numbers: Int32Array): number {
    const key = numbers.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const start = this.#words * 4;
    this.#known.set(key, start);
    // Vectors may read a little beyond the last number.
    const table = new Int32Array(wholeVectors(numbers.length + 4));
    table.set(numbers);
    this.#tables.push(table);
    this.#words += table.length;
    return start;
  }

  /** All words together. */
  finish(): Int32Array {
    const words = new Int32Array(this.#words);
    let start = 0;
    for (const table of this.#tables) {
      words.set(table, start);
      start += table.length;
    }
    return words;
  }
}

/** Where a failure is written down, in bytes: the position of the index that is out of range, and the index. */
export const failureAt = { position: 0, index: 4 } as const;
const failureWords = 2;

function wholeVectors(words: number): number {
  return Math.ceil(words / 4) * 4;
}
