import { FreeRoom } from "./free-room.js";
import { buffersOf, type BufferSpec, type Kernel, type Program, type ScanKernel } from "./kernel.js";
import type { Target } from "./target.js";

/** Where the buffers that a program needs only inside begin, in bytes, and how much room they take together. */
export interface MemoryPlan {
  /** By buffer; `null` for an input, an output, a view, and a buffer that nobody touches. */
  readonly addresses: readonly (number | null)[];
  readonly bytes: number;
}

/**
 * Places buffers so that those which are never needed at the same time share space. Goes through the program once: each buffer
 * takes the lowest room that is free when it is first touched, and gives it back after it has been touched last. Where inputs and
 * outputs are is the caller's business.
 */
export function planMemory(program: Program, target: Target): MemoryPlan {
  const outside = new Set([...program.inputs, ...program.outputs]);
  const lives = new Lives(program.kernels);
  /** By time: the buffers that are touched first then, and last. */
  const births = Array.from({ length: lives.end }, (): number[] => []);
  const deaths = births.map((): number[] => []);
  for (const [buffer, { from, to }] of lives.lives) {
    if (outside.has(buffer)) continue;
    births[from].push(buffer);
    deaths[to].push(buffer);
  }
  const addresses = program.buffers.map((): number | null => null);
  const free = new FreeRoom();
  for (const [time, born] of births.entries()) {
    for (const buffer of born) addresses[buffer] = free.take(roomOf(program.buffers[buffer], target));
    for (const buffer of deaths[time])
      free.giveBack(addresses[buffer] ?? 0, roomOf(program.buffers[buffer], target));
  }
  return { addresses, bytes: free.most };
}

/** From when to when each buffer is needed. Time passes from kernel to kernel, also within a loop. */
class Lives {
  readonly lives = new Map<number, { from: number; to: number }>();
  /** The loop that a buffer is touched in, or `null` if it is touched elsewhere too. */
  readonly #homes = new Map<number, ScanKernel | null>();
  #time = 0;

  constructor(kernels: readonly Kernel[]) {
    if (kernels.some(({ kind }) => kind === "scan")) this.#findHomes(kernels, null);
    this.#live(kernels);
  }

  /** When all is over. */
  get end(): number {
    return this.#time;
  }

  #findHomes(kernels: readonly Kernel[], loop: ScanKernel | null): void {
    for (const kernel of kernels) {
      if (kernel.kind === "scan") this.#findHomes(kernel.kernels, kernel);
      for (const buffer of touchedBy(kernel)) {
        const home = this.#homes.get(buffer);
        // What a loop touches is touched where the loop stands, unless all of it happens inside.
        const isInside = kernel.kind === "scan" && home === kernel;
        if (home === undefined) this.#homes.set(buffer, loop);
        else if (!isInside && home !== loop) this.#homes.set(buffer, null);
      }
    }
  }

  #live(kernels: readonly Kernel[]): void {
    for (const kernel of kernels) {
      const start = this.#time;
      if (kernel.kind === "scan") {
        this.#live(kernel.kernels);
        for (const { buffer } of kernel.views) this.lives.delete(buffer);
        // What is not of one iteration alone is there all the time.
        for (const buffer of touchedBy(kernel)) {
          if (this.#homes.get(buffer) === kernel) continue;
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
    const life = this.lives.get(buffer);
    if (life === undefined) this.lives.set(buffer, { from: time, to: time });
    else [life.from, life.to] = [Math.min(life.from, time), Math.max(life.to, time)];
  }
}

/** The buffers that a kernel touches, some of them more than once. */
function touchedBy(kernel: Kernel): number[] {
  const { reads, writes } = buffersOf(kernel);
  return [...reads, ...writes];
}

function roomOf({ size, dtype }: BufferSpec, { elementBytes, memory }: Target): number {
  const { alignmentBytes, overreadBytes } = memory;
  return Math.ceil((size * elementBytes(dtype) + overreadBytes) / alignmentBytes) * alignmentBytes;
}
