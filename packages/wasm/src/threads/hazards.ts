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

/** What threads have done since they last met: a kernel whose work touches that must wait for all of them. */
export class Hazards {
  #accesses: Access[] = [];

  /** Whether one of these needs what another thread has written, or overwrites what it may still read. */
  meets(accesses: readonly Access[]): boolean {
    return accesses.some((next) =>
      this.#accesses.some(
        (last) =>
          (next.writes || last.writes) &&
          (next.shared || last.shared) &&
          next.outside === last.outside &&
          next.start < last.end &&
          last.start < next.end,
      ),
    );
  }

  add(accesses: readonly Access[]): void {
    this.#accesses.push(...accesses);
  }

  clear(): void {
    this.#accesses = [];
  }
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
