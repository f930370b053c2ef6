/** The name of the method by which an attribute describes itself: see `Signed`. */
export const writeSignature: unique symbol = Symbol("writeSignature");

/** Takes the numbers that a signature is made of. Any number will do; −0 is not 0, and NaN is NaN. */
export interface SignatureWriter {
  number(value: number): void;
}

/**
 * An attribute that is more than numbers, words and lists of them, such as the body of a loop: it writes numbers that two of
 * its kind share exactly if one program can compute both. It is asked at each step, within a walk through the graph that it is part of: so
 * it keeps what it writes, and finds it out when it is made.
 */
export interface Signed {
  [writeSignature](writer: SignatureWriter): void;
}
