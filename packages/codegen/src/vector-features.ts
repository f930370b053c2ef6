/** What can be done with vectors here, and how many of them a loop can keep in registers. */
export interface VectorFeatures {
  /**
   * Multiply-adds round once where the machine can (relaxed SIMD). That is half as many instructions, and the last bit of a
   * result may then differ from that of another machine.
   */
  readonly relaxed: boolean;
  /** V8 joins neighbouring vectors to one of 256 bits, where the same is done with both. */
  readonly paired: boolean;
  /** How many of the 16 vector registers of x86-64 a loop can fill: V8 keeps one for itself, and versions before 13 another. */
  readonly registers: number;
}

/** Multiplications and additions that round apart, whose results are the same everywhere. One register is for the product. */
export const roundedVectors: VectorFeatures = { relaxed: false, paired: false, registers: 14 };
