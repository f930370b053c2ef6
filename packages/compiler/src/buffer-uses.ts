import { buffersOf, type Program } from "./kernel.js";

const none: readonly number[] = [];

/** Which kernels of a program read each buffer and which write it: their places in the program, in order, each once. */
export class BufferUses {
  readonly #readers = new Map<number, number[]>();
  readonly #writers = new Map<number, number[]>();

  constructor({ kernels }: Pick<Program, "kernels">) {
    for (const [place, kernel] of kernels.entries()) {
      const { reads, writes } = buffersOf(kernel);
      for (const buffer of reads) add(this.#readers, buffer, place);
      for (const buffer of writes) add(this.#writers, buffer, place);
    }
  }

  readersOf(buffer: number): readonly number[] {
    return this.#readers.get(buffer) ?? none;
  }

  writersOf(buffer: number): readonly number[] {
    return this.#writers.get(buffer) ?? none;
  }
}

function add(places: Map<number, number[]>, buffer: number, place: number): void {
  const known = places.get(buffer);
  if (known === undefined) places.set(buffer, [place]);
  else if (known[known.length - 1] !== place) known.push(place);
}
