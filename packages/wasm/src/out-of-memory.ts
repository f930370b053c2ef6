import { ArgumentError } from "@stargrad/graph";
import { mostPages, pageBytes, type Heap } from "./heap.js";

/** What WebAssembly can have in all. */
const limit = mostPages * pageBytes;

/** The largest buffer of a program, for messages. */
export interface LargestBuffer {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Throws because a program needs more bytes in one piece than the memory has free.
 *
 * Throws: ArgumentError, always
 */
export function outOfMemory(
  heap: Heap,
  { largest }: { readonly largest: LargestBuffer },
  bytes: number,
): never {
  const part = `its largest part is ${largest.name}, ${inUnits(largest.bytes)}`;
  if (bytes > limit) {
    throw new ArgumentError(
      "WasmEngine",
      `the program needs ${inUnits(bytes)} in one piece, and WebAssembly has ${inUnits(limit)} in all; ${part}`,
      "Use a smaller batch, or read parts of the result one at a time",
    );
  }
  throw new ArgumentError(
    "WasmEngine",
    `the program needs ${inUnits(bytes)} more in one piece, which is not to be had: of the ${inUnits(limit)} that WebAssembly has in all, ${inUnits(heap.used)} are in use, and ${inUnits(heap.reserved)} have been reserved; ${part}`,
    "Use a smaller batch, or `dispose` of models and optimizers that are no longer needed. What is only dropped comes back in turns of the event loop: await a loss, or a timer",
  );
}

const units = ["B", "KiB", "MiB", "GiB"];

/** A number of bytes in the largest unit of which there is at least one: `384 B`, `1.5 KiB`, `4 GiB`. */
export function inUnits(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${Number((bytes / 1024 ** unit).toFixed(1))} ${units[unit]}`;
}
