import { buffersOf, type Kernel, type Program } from "@stargrad/compiler";
import { bytesPerElement } from "@stargrad/graph";

/** What a kernel does with a stretch of memory. */
export interface Access {
  /** The buffer, if it lies outside the frame; `null` for a stretch of the frame. */
  readonly outside: number | null;
  readonly start: number;
  readonly end: number;
  readonly writes: boolean;
  /** Whether all threads do it, or the first alone. */
  readonly shared: boolean;
}

/** So many accesses are kept in mind; then threads meet rather than look through more. */
const mostAccesses = 256;

/** What threads have done since they last met: a kernel whose work touches that must wait for all of them. */
export class Hazards {
  /** Of kernels that all threads share, and of those that the first does alone: it has no need to wait for itself. */
  #shared: Access[] = [];
  #alone: Access[] = [];

  /** Whether one of these needs what another thread has written, or overwrites what it may still read. */
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

/** What a kernel reads and writes. An output may lie on an input, so what is done to it is done to both. */
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
    const end = start + size * bytesPerElement(dtype) + 16;
    return { outside: address === null ? buffer : null, start, end, writes: isWrite, shared };
  };
  const alike = (buffer: number): number[] => [buffer, ...(inPlace.get(buffer) ?? [])];
  return [
    ...reads.flatMap(alike).map((buffer) => access(buffer, false)),
    ...writes.flatMap(alike).map((buffer) => access(buffer, true)),
  ];
}
