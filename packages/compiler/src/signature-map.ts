import type { Signature } from "./signature.js";

/** Values by signature, found by hash and then compared number by number. Iterates in the order in which they were set. */
export class SignatureMap<Value> implements Iterable<readonly [Signature, Value]> {
  /** Of equal signatures, the one that a value was set with. */
  readonly #known = new Map<number, Signature[]>();
  readonly #values = new Map<Signature, Value>();

  get size(): number {
    return this.#values.size;
  }

  get(signature: Signature): Value | undefined {
    const known = this.#find(signature);
    return known && this.#values.get(known);
  }

  set(signature: Signature, value: Value): void {
    const known = this.#find(signature);
    if (known === undefined) {
      const alike = this.#known.get(signature.hash);
      if (alike === undefined) this.#known.set(signature.hash, [signature]);
      else alike.push(signature);
    }
    this.#values.set(known ?? signature, value);
  }

  delete(signature: Signature): boolean {
    const known = this.#find(signature);
    if (known === undefined) return false;
    const others = (this.#known.get(known.hash) ?? []).filter((other) => other !== known);
    if (others.length === 0) this.#known.delete(known.hash);
    else this.#known.set(known.hash, others);
    return this.#values.delete(known);
  }

  [Symbol.iterator](): Iterator<readonly [Signature, Value]> {
    return this.#values[Symbol.iterator]();
  }

  #find(signature: Signature): Signature | undefined {
    return this.#known.get(signature.hash)?.find((known) => known.equals(signature));
  }
}
