import { buffersOf, type Program } from "./kernel.js";

/** Which kernels of a program read each buffer and which write it: their places in the program, in order, each once. */
export class BufferUses {
  readonly #readers: UseTimes;
  readonly #writers: UseTimes;

  constructor({ buffers, kernels }: Pick<Program, "buffers" | "kernels">) {
    this.#readers = new UseTimes(
      buffers.length,
      kernels.map((kernel) => buffersOf(kernel).reads),
    );
    this.#writers = new UseTimes(
      buffers.length,
      kernels.map((kernel) => buffersOf(kernel).writes),
    );
  }

  readersOf(buffer: number): Int32Array {
    return this.#readers.of(buffer);
  }

  writersOf(buffer: number): Int32Array {
    return this.#writers.of(buffer);
  }
}

/** Lists of places, one after another: those of buffer b stand from `#starts[b]` up to, and without, `#ends[b]`. */
class UseTimes {
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #places: Int32Array;

  /** `touched`: the buffers that the kernel at each place touches, in any order and as often as it likes. */
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
    this.#places = new Int32Array(room);
    for (const [place, list] of touched.entries()) for (const buffer of list) this.#add(buffer, place);
  }

  of(buffer: number): Int32Array {
    return this.#places.subarray(this.#starts[buffer], this.#ends[buffer]);
  }

  #add(buffer: number, place: number): void {
    const end = this.#ends[buffer];
    if (end > this.#starts[buffer] && this.#places[end - 1] === place) return;
    this.#places[end] = place;
    this.#ends[buffer] = end + 1;
  }
}
