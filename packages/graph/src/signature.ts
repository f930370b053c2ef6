/** The name of the method with which an attribute writes its signature: see `Signed`. */
export const writeSignature: unique symbol = Symbol.for("stargrad writeSignature");

/** Receives the parts of a signature. Accepts every number; −0 differs from 0, and NaN equals NaN. */
export interface SignatureWriter {
  number(value: number): void;
  numbers(values: readonly number[]): void;
  name(name: string): void;
  /** The names and values of an object's fields. */
  fields(object: object): void;
}

/**
 * An attribute that is more than numbers, strings and lists of them, such as the body of a loop. Two attributes of its kind must
 * write the same signature exactly if one program can compute both. The method is called during a walk through the graph that
 * contains the attribute, so it must not number that graph's nodes (`NodeNumbers`).
 */
export interface Signed {
  [writeSignature](writer: SignatureWriter): void;
}
