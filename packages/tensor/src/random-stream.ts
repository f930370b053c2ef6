/** The whole state of a generator. Restoring a saved state continues the stream from there. */
export interface GeneratorState {
  readonly seed: number;
  /** The number of Philox blocks (four words each) used so far. */
  readonly block: number;
}

/** The part of a generator that recordings use. */
export interface RandomStream {
  state(): GeneratorState;
  /** Continues from a state. Unlike `Generator.restore`, allowed while a function is recorded. */
  moveTo(state: GeneratorState): void;
  /**
   * Reserves the next blocks and returns their start, as `[key₀, key₁, block₀, block₁]`: one such row for each of the given
   * offsets into the reserved blocks.
   */
  reserve(blocks: number, offsets?: readonly number[]): Int32Array;
}
