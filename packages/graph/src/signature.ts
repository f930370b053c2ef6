/** The name of the method by which an attribute describes itself: see `Signed`. */
export const writeSignature: unique symbol = Symbol("writeSignature");

/** Takes what a signature is made of. Any number will do; −0 is not 0, and NaN is NaN. */
export interface SignatureWriter {
  number(value: number): void;
  numbers(values: readonly number[]): void;
  name(name: string): void;
  /** An object's fields, by name. */
  fields(object: object): void;
}

/**
 * An attribute that is more than numbers, words and lists of them, such as the body of a loop: it writes what two of its kind
 * share exactly if one program can compute both. It is asked within a walk through the graph that it is part of, and must not
 * number that graph's nodes (`NodeNumbers`).
 */
export interface Signed {
  [writeSignature](writer: SignatureWriter): void;
}
