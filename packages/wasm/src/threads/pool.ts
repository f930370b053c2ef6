import { ArgumentError } from "@stargrad/graph";
import type { Heap } from "../heap.js";
import { commands, keptPrograms, threadSource, words } from "./commands.js";
import { countCores, obstacleToThreads, startThread } from "./host.js";

/** More threads than that have hardly anything to do. */
const mostThreads = 8;

export interface ThreadOptions {
  /** How many threads may work at once. Default: as many as the machine has cores, and at most 8. */
  readonly threads?: number;
  /**
   * Whether a program waits until its threads are there, instead of beginning without them: for measurements. Default:
   * false.
   */
  readonly waitForThreads?: boolean;
}

/** A program as threads know it. */
export interface Runnable {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * Threads that run programs together with the one that asks for it. They share the engine's memory, wait for commands with
 * `Atomics`, and are started when there is first something for them to do. Until they are ready, and have loaded a program,
 * it runs without them: results do not depend on how many take part.
 */
export class ThreadPool {
  readonly #wanted: number;
  readonly #waits: boolean;
  readonly #obstacle = obstacleToThreads();
  #crew: Crew | null = null;
  #noticed = false;

  constructor({ threads = Math.min(countCores(), mostThreads), waitForThreads = false }: ThreadOptions) {
    if (!(Number.isInteger(threads) && threads >= 1)) {
      throw new ArgumentError("WasmEngine", `got threads ${threads}; expected a whole number of at least 1`);
    }
    this.#wanted = threads;
    this.#waits = waitForThreads;
  }

  /** Whether the memory has to be one that threads can share. */
  get sharesMemory(): boolean {
    return this.#obstacle === null;
  }

  /** How many threads there may be, this one included. */
  get count(): number {
    return this.#obstacle === null ? this.#wanted : 1;
  }

  /**
   * Has the others begin a step of a program. Returns how many take part, this one included, which has to run the step as
   * thread 0 at once; 1 if the others are not there, or not yet.
   */
  begin(heap: Heap, program: Runnable, step: number, frame: number, constants: number): number {
    if (this.#wanted === 1) return 1;
    if (this.#obstacle !== null) {
      if (!this.#noticed) console.warn(`Stargrad works on one thread: ${this.#obstacle}.`);
      this.#noticed = true;
      return 1;
    }
    this.#crew ??= new Crew(heap, this.#wanted - 1);
    if (this.#waits) this.#crew.waitFor(program);
    return this.#crew.begin(program, step, frame, constants) ? this.#wanted : 1;
  }
}

/** The threads besides this one. */
class Crew {
  readonly #heap: Heap;
  readonly #size: number;
  readonly #words = new Int32Array(new SharedArrayBuffer(256));
  /** The programs all of them have, in the order in which they were loaded. */
  readonly #loaded = new Set<number>();
  /** The program that is being loaded, and where its bytes are. */
  #loading: { readonly number: number; readonly address: number; readonly bytes: number } | null = null;
  #loads = 0;

  constructor(heap: Heap, size: number) {
    this.#heap = heap;
    this.#size = size;
    const shared = { memory: heap.memory, words: this.#words, count: size + 1 };
    const ends = Array.from({ length: size }, (_, i) =>
      startThread(threadSource, { ...shared, index: i + 1 }),
    );
    collected.register(this, ends);
  }

  /** Returns when all threads are there and have loaded a program. */
  waitFor(program: Runnable): void {
    while (!this.#isReady() || !this.#has(program)) Atomics.wait(this.#words, words.failed, 0, 1);
  }

  begin(program: Runnable, step: number, frame: number, constants: number): boolean {
    if (!this.#isReady() || !this.#has(program)) return false;
    this.#command(commands.run, { program: program.number, step, frame, constants });
    return true;
  }

  #isReady(): boolean {
    if (Atomics.load(this.#words, words.failed) > 0) throw new Error("a thread could not load a program");
    return Atomics.load(this.#words, words.ready) === this.#size;
  }

  /** Whether all have loaded a program. If not, they are told to, one program at a time. */
  #has({ number, bytes }: Runnable): boolean {
    if (this.#loading !== null && Atomics.load(this.#words, words.loaded) === this.#loads * this.#size) {
      this.#loaded.add(this.#loading.number);
      if (this.#loaded.size > keptPrograms) {
        const [first] = this.#loaded;
        this.#loaded.delete(first);
      }
      this.#heap.free(this.#loading.address, this.#loading.bytes);
      this.#loading = null;
    }
    if (this.#loaded.has(number)) return true;
    if (this.#loading !== null) return false;
    const address = this.#heap.allocate(bytes.length);
    if (address === null) return false;
    this.#heap.view("bool", address, bytes.length).set(bytes);
    this.#loading = { number, address, bytes: bytes.length };
    this.#loads++;
    this.#command(commands.load, { program: number, address, bytes: bytes.length });
    return false;
  }

  #command(kind: number, values: { readonly [name in keyof typeof words]?: number }): void {
    this.#words[words.kind] = kind;
    for (const [name, value] of Object.entries(values))
      this.#words[words[name as keyof typeof words]] = value;
    Atomics.add(this.#words, words.command, 1);
    Atomics.notify(this.#words, words.command);
  }
}

/** Ends the threads of a crew that nobody can ask any more. */
const collected = new FinalizationRegistry<readonly (() => void)[]>((ends) => {
  for (const end of ends) end();
});
