import { buffersOf, type Program } from "./kernel.js";

/** The kernels that read each buffer, and those that write it: their indices in the program, ascending, without duplicates. */
export class BufferUses {
  readonly readers: UseTimes;
  readonly writers: UseTimes;

  constructor({ buffers, kernels }: Pick<Program, "buffers" | "kernels">) {
    this.readers = new UseTimes(
      buffers.length,
      kernels.map((kernel) => buffersOf(kernel).reads),
    );
    this.writers = new UseTimes(
      buffers.length,
      kernels.map((kernel) => buffersOf(kernel).writes),
    );
  }
}

/** Lists of kernel indices in one array: the list of buffer b is the range [`#starts[b]`, `#ends[b]`). */
class UseTimes {
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #kernels: Int32Array;

  /** `touched`: by kernel, the buffers that it touches, in any order, possibly with duplicates. */
  constructor(buffers: number, touched: readonly (readonly number[])[]) {
    const counts = new Int32Array(buffers);
    for (const list of touched) for (const buffer of list) counts[buffer]++;
    this.#starts = new Int32Array(buffers);
    let room = 0;
    for (let buffer = 0; buffer < buffers; buffer++) {
      this.#starts[buffer] = room;
      room += counts[buffer];
    }
    this.#ends = this.#starts.slice();
    this.#kernels = new Int32Array(room);
    for (const [kernel, list] of touched.entries()) for (const buffer of list) this.#add(buffer, kernel);
  }

  of(buffer: number): Int32Array {
    return this.#kernels.subarray(this.#starts[buffer], this.#ends[buffer]);
  }

  countOf(buffer: number): number {
    return this.#ends[buffer] - this.#starts[buffer];
  }

  /** The last of the list, or undefined if it is empty. */
  lastOf(buffer: number): number | undefined {
    return this.countOf(buffer) === 0 ? undefined : this.#kernels[this.#ends[buffer] - 1];
  }

  #add(buffer: number, kernel: number): void {
    const end = this.#ends[buffer];
    if (end > this.#starts[buffer] && this.#kernels[end - 1] === kernel) return;
    this.#kernels[end] = kernel;
    this.#ends[buffer] = end + 1;
  }
}
