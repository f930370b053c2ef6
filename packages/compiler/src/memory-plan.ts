import { allocatedBytes } from "./alignment.js";
import { checkTarget } from "./check-target.js";
import { FreeRoom } from "./free-room.js";
import { buffersOf, type BufferSpec, type Kernel, type Program, type ScanKernel } from "./kernel.js";
import type { Target } from "./target.js";

/** The byte addresses of a program's intermediate buffers, and the size of the memory that holds them. */
export interface MemoryPlan {
  /**
   * By buffer; `null` for an input, an output, a view, a local buffer of a `rows` kernel, and a buffer that no kernel touches. A local
   * buffer needs memory only while its kernel runs, once for each thread that runs it, so the engine that starts the threads
   * allocates it.
   */
  readonly addresses: readonly (number | null)[];
  readonly bytes: number;
}

/**
 * Assigns addresses to buffers so that buffers with disjoint lifetimes share memory. Visits the program once: allocates each buffer
 * at the lowest free address when it is first touched, and frees it after it was last touched. The caller allocates inputs,
 * outputs, and the local buffers of `rows` kernels (`RowsKernel.locals`), also of those in a `scan`.
 *
 * Throws: ArgumentError if a field of the target is below its minimum
 */
export function planMemory(program: Program, target: Target): MemoryPlan {
  checkTarget(target);
  const outside = new Set([...program.inputs, ...program.outputs]);
  const lifetimes = new Lifetimes(program.kernels);
  /** By time: the buffers that are touched first then, and those that are touched last. */
  const starts = Array.from({ length: lifetimes.end }, (): number[] => []);
  const ends = starts.map((): number[] => []);
  for (const [buffer, { from, to }] of lifetimes.byBuffer) {
    if (outside.has(buffer)) continue;
    starts[from].push(buffer);
    ends[to].push(buffer);
  }
  const addresses = program.buffers.map((): number | null => null);
  const free = new FreeRoom();
  for (const [time, started] of starts.entries()) {
    for (const buffer of started) addresses[buffer] = free.take(roomOf(program.buffers[buffer], target));
    for (const buffer of ends[time])
      free.giveBack(addresses[buffer] ?? 0, roomOf(program.buffers[buffer], target));
  }
  return { addresses, bytes: free.most };
}

/** The lifetime of each buffer. Time advances by 1 with each kernel, also within a loop. */
class Lifetimes {
  readonly byBuffer = new Map<number, { from: number; to: number }>();
  /** The only loop in which a buffer is touched; `null` if it is touched elsewhere too. */
  readonly #loops = new Map<number, ScanKernel | null>();
  #time = 0;

  constructor(kernels: readonly Kernel[]) {
    if (kernels.some(({ kind }) => kind === "scan")) this.#findLoops(kernels, null);
    this.#advance(kernels);
  }

  /** The time after the last kernel. */
  get end(): number {
    return this.#time;
  }

  #findLoops(kernels: readonly Kernel[], loop: ScanKernel | null): void {
    for (const kernel of kernels) {
      if (kernel.kind === "scan") this.#findLoops(kernel.kernels, kernel);
      for (const buffer of touchedBy(kernel)) {
        const known = this.#loops.get(buffer);
        // A scan's buffers count as touched at the scan's own level, unless only the kernels inside the scan touch them.
        const isInside = kernel.kind === "scan" && known === kernel;
        if (known === undefined) this.#loops.set(buffer, loop);
        else if (!isInside && known !== loop) this.#loops.set(buffer, null);
      }
    }
  }

  #advance(kernels: readonly Kernel[]): void {
    for (const kernel of kernels) {
      const start = this.#time;
      if (kernel.kind === "scan") {
        this.#advance(kernel.kernels);
        for (const { buffer } of kernel.views) this.byBuffer.delete(buffer);
        // A buffer that kernels outside the loop touch too is needed during the whole loop.
        for (const buffer of touchedBy(kernel)) {
          if (this.#loops.get(buffer) === kernel) continue;
          this.#touch(buffer, start);
          this.#touch(buffer, Math.max(start, this.#time - 1));
        }
        this.#time = Math.max(this.#time, start + 1);
      } else {
        for (const buffer of touchedBy(kernel)) this.#touch(buffer, this.#time);
        this.#time++;
      }
    }
  }

  #touch(buffer: number, time: number): void {
    const lifetime = this.byBuffer.get(buffer);
    if (lifetime === undefined) this.byBuffer.set(buffer, { from: time, to: time });
    else [lifetime.from, lifetime.to] = [Math.min(lifetime.from, time), Math.max(lifetime.to, time)];
  }
}

/** The buffers that a kernel touches, possibly with duplicates. */
function touchedBy(kernel: Kernel): number[] {
  const { reads, writes } = buffersOf(kernel);
  return [...reads, ...writes];
}

function roomOf({ size, dtype }: BufferSpec, { elementBytes, memory }: Target): number {
  return allocatedBytes(size * elementBytes(dtype), memory);
}
