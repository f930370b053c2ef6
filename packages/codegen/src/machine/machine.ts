/** What a machine's vectors are, and how many of them a loop can keep in registers. */
export interface Machine {
  /** The bytes of a vector: a multiple of 16. */
  readonly vectorBytes: number;
  /**
   * Multiply-adds round once where the machine can. That is half as many instructions, and the last bit of a result may then
   * differ from that of another machine.
   */
  readonly relaxed: boolean;
  /** Neighbouring vectors are joined to one of twice the size where the same is done with both. */
  readonly paired: boolean;
  /** How many vector registers a loop can fill. */
  readonly registers: number;
  /**
   * How fast tiles of sums are, in hundredths of the machine's peak, by the vectors of a row and then by rows, from one row on. Only
   * tiles that have a rate are considered, if they fit in the registers.
   */
  readonly tileRates: Readonly<Record<number, readonly number[]>>;
}
