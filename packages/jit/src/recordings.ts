/** The largest total size of recordings in bytes. The most recently used one is always kept. */
const memoryBound = 256 * 2 ** 20;

/** A cache of recordings with a memory bound. The least recently used ones are dropped first. */
export class Recordings<R extends { readonly bytes: number }> {
  /** The recordings by the types of their inputs; each list is ordered from the least to the most recently used. */
  readonly #variants = new Map<string, R[]>();
  /** The input types of each recording, from the least to the most recently used. */
  readonly #inputs = new Map<R, string>();
  /** The most recently used recording. It is the next one too in most calls, which then need no reordering. */
  #newest: R | null = null;
  #bytes = 0;

  /** The most recently used recording for these input types that fits. */
  find(inputs: string, fits: (recording: R) => boolean): R | undefined {
    const recording = this.#variants.get(inputs)?.findLast(fits);
    if (recording !== undefined && recording !== this.#newest) {
      this.#drop(recording);
      this.#add(inputs, recording);
    }
    return recording;
  }

  /** Adds a recording, and drops others if the memory bound is exceeded. */
  keep(inputs: string, recording: R): void {
    this.#add(inputs, recording);
    for (const [oldest] of this.#inputs) {
      if (this.#bytes <= memoryBound || oldest === recording) return;
      this.#drop(oldest);
    }
  }

  #add(inputs: string, recording: R): void {
    const variants = this.#variants.get(inputs);
    if (variants === undefined) this.#variants.set(inputs, [recording]);
    else variants.push(recording);
    this.#inputs.set(recording, inputs);
    this.#newest = recording;
    this.#bytes += recording.bytes;
  }

  #drop(recording: R): void {
    const inputs = this.#inputs.get(recording) ?? "";
    const left = (this.#variants.get(inputs) ?? []).filter((other) => other !== recording);
    if (left.length > 0) this.#variants.set(inputs, left);
    else this.#variants.delete(inputs);
    this.#inputs.delete(recording);
    this.#bytes -= recording.bytes;
  }
}
