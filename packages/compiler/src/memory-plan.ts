import { bytesPerElement } from "@stargrad/graph";
import { BufferUses } from "./buffer-uses.js";
import { FreeRoom } from "./free-room.js";
import type { BufferSpec, Program } from "./kernel.js";

/** Where the buffers that a program needs only inside begin, in bytes, and how much room they take together. */
export interface MemoryPlan {
  /** By buffer; `null` for an input, an output, and a buffer that nobody touches. */
  readonly addresses: readonly (number | null)[];
  readonly bytes: number;
}

const alignment = 64;

/**
 * Places buffers so that those which are never needed at the same time share space. Goes through the program once: each buffer
 * takes the lowest room that is free when it is first touched, and gives it back after it has been touched last. Where inputs and
 * outputs are is the caller's business.
 */
export function planMemory(program: Program): MemoryPlan {
  const uses = new BufferUses(program);
  const outside = new Set([...program.inputs, ...program.outputs]);
  /** By kernel: the buffers that are touched by it first, and last. */
  const births = program.kernels.map((): number[] => []);
  const deaths = program.kernels.map((): number[] => []);
  for (const buffer of program.buffers.keys()) {
    const [readers, writers] = [uses.readersOf(buffer), uses.writersOf(buffer)];
    if (readers.length + writers.length === 0 || outside.has(buffer)) continue;
    births[Math.min(readers.at(0) ?? Infinity, writers.at(0) ?? Infinity)].push(buffer);
    deaths[Math.max(readers.at(-1) ?? -1, writers.at(-1) ?? -1)].push(buffer);
  }
  const addresses = program.buffers.map((): number | null => null);
  const free = new FreeRoom();
  for (const time of program.kernels.keys()) {
    for (const buffer of births[time]) addresses[buffer] = free.take(roomOf(program.buffers[buffer]));
    for (const buffer of deaths[time]) free.giveBack(addresses[buffer] ?? 0, roomOf(program.buffers[buffer]));
  }
  return { addresses, bytes: free.most };
}

function roomOf({ size, dtype }: BufferSpec): number {
  // Vectors may read up to 16 bytes beyond the last element.
  return Math.ceil((size * bytesPerElement(dtype) + 16) / alignment) * alignment;
}
