/** The properties of a machine's vectors, and the number of vector registers. */
export interface Machine {
  /** The bytes of a vector: a multiple of 16. */
  readonly vectorBytes: number;
  /**
   * Whether multiply-adds may be fused, and so round once, where the machine supports it. This halves the number of instructions,
   * but the last bit of a result may differ between machines.
   */
  readonly relaxed: boolean;
  /** Whether the compiler of the machine joins two neighbouring vectors with equal operations into one vector of twice the size. */
  readonly paired: boolean;
  /** The number of vector registers that a loop can use. */
  readonly registers: number;
  /**
   * The speed of each tile size of a matrix product, in percent of the machine's peak: by the number of vectors in a row, then by the
   * number of rows minus 1. Only tiles that have a rate and fit in the registers are considered.
   */
  readonly tileRates: Readonly<Record<number, readonly number[]>>;
}
