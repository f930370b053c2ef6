/** Everything there is to know about a generator: save it, and the stream goes on from there. */
export interface GeneratorState {
  readonly seed: number;
  /** How many Philox blocks of four words have been used. */
  readonly block: number;
}

/** What a recording has to know of a generator. */
export interface RandomStream {
  state(): GeneratorState;
  /** Goes on from a state, also while a function is recorded. */
  moveTo(state: GeneratorState): void;
  /**
   * Reserves the next blocks and returns where they start, as `[key₀, key₁, block₀, block₁]`, or such a row for each of
   * several offsets among them.
   */
  reserve(blocks: number, offsets?: readonly number[]): Int32Array;
}
