import { buffersOf, type Kernel, type Program } from "@stargrad/compiler";
import { bytesPerElement } from "@stargrad/graph";
import { wasmTarget } from "../target.js";

/** An access of a kernel to a range of memory. */
export interface Access {
  /** The buffer, if it is outside the frame; `null` for a range of the frame. */
  readonly outside: number | null;
  readonly start: number;
  readonly end: number;
  readonly writes: boolean;
  /** Whether all threads access it, or only the first. */
  readonly shared: boolean;
}

/** The maximum number of recorded accesses. Beyond it, threads wait at a barrier, since searching more accesses would take longer. */
const mostAccesses = 256;

/** The accesses of threads since the last barrier. A kernel that conflicts with one of them needs another barrier. */
export class Hazards {
  /** Accesses of all threads, and accesses of the first thread alone, which do not conflict with each other. */
  #shared: Access[] = [];
  #alone: Access[] = [];

  /** Whether one of these reads what another thread has written, or writes what another thread may still read. */
  meets(accesses: readonly Access[]): boolean {
    if (this.#shared.length + this.#alone.length > mostAccesses) return true;
    return accesses.some(
      (next) =>
        this.#shared.some((last) => collide(last, next)) ||
        (next.shared && this.#alone.some((last) => collide(last, next))),
    );
  }

  add(accesses: readonly Access[]): void {
    for (const access of accesses) (access.shared ? this.#shared : this.#alone).push(access);
  }

  clear(): void {
    this.#shared = [];
    this.#alone = [];
  }
}

function collide(last: Access, next: Access): boolean {
  return (
    (next.writes || last.writes) &&
    next.outside === last.outside &&
    next.start < last.end &&
    last.start < next.end
  );
}

/** The accesses of a kernel. An output may be written over an input, so an access to one of them counts for both. */
export function accessesOf(
  kernel: Kernel,
  program: Program,
  addresses: readonly (number | null)[],
  inPlace: ReadonlyMap<number, ReadonlySet<number>>,
  shared: boolean,
): Access[] {
  const { reads, writes } = buffersOf(kernel);
  const access = (buffer: number, isWrite: boolean): Access => {
    const { size, dtype } = program.buffers[buffer];
    const address = addresses[buffer];
    const start = address ?? 0;
    const end = start + size * bytesPerElement(dtype) + wasmTarget.memory.overreadBytes;
    return { outside: address === null ? buffer : null, start, end, writes: isWrite, shared };
  };
  const alike = (buffer: number): number[] => [buffer, ...(inPlace.get(buffer) ?? [])];
  return [
    ...reads.flatMap(alike).map((buffer) => access(buffer, false)),
    ...writes.flatMap(alike).map((buffer) => access(buffer, true)),
  ];
}
