import { bytesPerElement } from "@stargrad/graph";
import { buffersOf, type Program } from "./kernel.js";

/** Where the buffers that a program needs only inside begin, in bytes, and how much room they take together. */
export interface MemoryPlan {
  /** By buffer; `null` for an input, an output, and a buffer that nobody touches. */
  readonly addresses: readonly (number | null)[];
  readonly bytes: number;
}

const alignment = 64;

/**
 * Places buffers so that those which are never needed at the same time share space. Buffers are placed in the order in
 * which they are first written, each at the lowest address that is free for its whole life. Where inputs and outputs are
 * is the caller's business.
 */
export function planMemory(program: Program): MemoryPlan {
  const lives = livesOf(program);
  const order = lives.map((_, buffer) => buffer).sort((a, b) => lives[a].from - lives[b].from || a - b);
  const outside = new Set([...program.inputs, ...program.outputs]);
  const addresses = program.buffers.map((): number | null => null);
  const placed: { from: number; to: number; start: number; end: number }[] = [];
  let bytes = 0;
  for (const buffer of order) {
    const { from, to } = lives[buffer];
    if (from > to || outside.has(buffer)) continue;
    const { size, dtype } = program.buffers[buffer];
    // Vectors may read up to 16 bytes beyond the last element.
    const room = Math.ceil((size * bytesPerElement(dtype) + 16) / alignment) * alignment;
    const conflicts = placed
      .filter((other) => other.from <= to && from <= other.to)
      .sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of conflicts) {
      if (start + room <= other.start) break;
      start = Math.max(start, other.end);
    }
    addresses[buffer] = start;
    placed.push({ from, to, start, end: start + room });
    bytes = Math.max(bytes, start + room);
  }
  return { addresses, bytes };
}

/** From which kernel to which each buffer's contents matter. A buffer nobody touches has no life. */
function livesOf(program: Program): { from: number; to: number }[] {
  const lives = program.buffers.map(() => ({ from: Infinity, to: -1 }));
  const touch = (buffer: number, time: number): void => {
    lives[buffer].from = Math.min(lives[buffer].from, time);
    lives[buffer].to = Math.max(lives[buffer].to, time);
  };
  program.kernels.forEach((kernel, time) => {
    const { reads, writes } = buffersOf(kernel);
    for (const buffer of [...reads, ...writes]) touch(buffer, time);
  });
  return lives;
}
