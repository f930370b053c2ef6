/** How many bytes recordings may take together. The one that was used last is kept in any case. */
const memoryBound = 256 * 2 ** 20;

/** What has been recorded and may be used again, as long as there is room for it; what was used last is kept longest. */
export class Recordings<R extends { readonly bytes: number }> {
  /** By what their inputs are, each list with the one that was used last at its end. */
  readonly #variants = new Map<string, R[]>();
  /** What the inputs of each are, in the order in which they were used. */
  readonly #inputs = new Map<R, string>();
  /** The one that was used last: most of the time, the one that is used next. */
  #newest: R | null = null;
  #bytes = 0;

  /** The recording for such inputs that fits, and was used last of those that do. */
  find(inputs: string, fits: (recording: R) => boolean): R | undefined {
    const recording = this.#variants.get(inputs)?.findLast(fits);
    if (recording !== undefined && recording !== this.#newest) {
      this.#drop(recording);
      this.#add(inputs, recording);
    }
    return recording;
  }

  /** Keeps a recording, and lets others go if there is not room for all. */
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
