import { ArgumentError } from "@stargrad/graph";
import { mostPages, pageBytes, type Heap } from "./heap.js";

/** The maximum memory of WebAssembly in bytes. */
const limit = mostPages * pageBytes;

/**
 * Makes the memory of an engine.
 *
 * Throws: ArgumentError if the system has no room for it, as with very many engines
 */
export function reserveMemory(shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 16, maximum: mostPages, shared });
  } catch (cause) {
    throw new ArgumentError(
      "WasmEngine",
      "the system has no room for the memory of another engine",
      "Call `dispose` of engines that are no longer needed",
      { cause },
    );
  }
}

/** The largest buffer of a program, for error messages. */
export interface LargestBuffer {
  readonly name: string;
  readonly bytes: number;
}

const written = (largest: LargestBuffer): string =>
  `its largest buffer is ${largest.name}, ${inUnits(largest.bytes)}`;

/** Throws: ArgumentError if WebAssembly cannot address so many contiguous bytes as a program needs */
export function expectAddressable(largest: LargestBuffer, bytes = largest.bytes): void {
  if (bytes <= limit) return;
  throw new ArgumentError(
    "WasmEngine",
    `the program needs ${inUnits(bytes)} of contiguous memory, and WebAssembly can address only ${inUnits(limit)}; ${written(largest)}`,
    "Use a smaller batch, or read parts of the result one at a time",
  );
}

/**
 * Throws because a program needs more contiguous bytes than are free.
 *
 * Throws: ArgumentError, always
 */
export function outOfMemory(
  heap: Heap,
  { largest }: { readonly largest: LargestBuffer },
  bytes: number,
): never {
  expectAddressable(largest, bytes);
  throw new ArgumentError(
    "WasmEngine",
    `the program needs another ${inUnits(bytes)} of contiguous memory, which is not available: of the ${inUnits(limit)} that WebAssembly can address, ${inUnits(heap.used)} are in use and ${inUnits(heap.reserved)} are reserved; ${written(largest)}`,
    "Use a smaller batch, or `dispose` of models and optimizers that are no longer needed. Unreachable tensors are freed only in turns of the event loop: await a loss, or a timer",
  );
}

const units = ["B", "KiB", "MiB", "GiB"];

/** A number of bytes in the largest unit in which it is at least 1: `384 B`, `1.5 KiB`, `4 GiB`. */
export function inUnits(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${Number((bytes / 1024 ** unit).toFixed(1))} ${units[unit]}`;
}
