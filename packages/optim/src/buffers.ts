import { assignAll, Buffer } from "@stargrad/autograd";
import type { Tensor } from "@stargrad/tensor";

/**
 * Assigns new values to the buffers of these names, and creates missing buffers. Pending computations that use a value run
 * before it changes, so previous values are not kept.
 */
export function setBuffers(buffers: Map<string, Buffer>, values: Iterable<readonly [string, Tensor]>): void {
  const assignments: [Buffer, Tensor][] = [];
  for (const [name, value] of values) {
    const known = buffers.get(name);
    if (known === undefined) buffers.set(name, new Buffer(value, { keepsPrevious: false }));
    else assignments.push([known, value]);
  }
  if (assignments.length > 0) assignAll(assignments);
}

/** Frees the memory of buffers immediately. */
export function disposeAll(buffers: Iterable<Buffer>): void {
  for (const buffer of buffers) buffer.dispose();
}
