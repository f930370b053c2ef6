import { ArgumentError } from "@stargrad/graph";
import { shared } from "@stargrad/graph/internal";
import { turnOfTheEventLoop } from "../event-loop.js";
import type { Heap } from "../heap.js";
import { commands, words } from "./serve.js";
import { threadSource } from "./thread-source.js";
import { countCores, obstacleToThreads, startsWhileWaiting, startThread } from "./host.js";

/** More threads than this have too little work. */
const mostThreads = 8;

export interface ThreadOptions {
  /** The maximum number of threads that work at the same time. Default: the number of cores, but at most 8 */
  readonly threads?: number;
  /**
   * Whether a program waits until its threads have started, instead of running without them; for measurements. In a browser
   * `startThreads` must be awaited first, because threads do not start while another thread blocks. Default: false
   */
  readonly waitForThreads?: boolean;
}

/** A module that threads must load before they can run a program. Modules are loaded in the order of their numbers. */
export interface Loadable {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly places: { readonly first: number; readonly count: number };
}

/** The part of a program that threads need. */
export interface Runnable {
  readonly modules: ReadonlySet<Loadable>;
}

/**
 * A pool of threads that run programs together with the calling thread. They share the engine's memory, wait for commands with
 * `Atomics`, and are started when they are first needed. Until they are ready and have loaded a program's code, the program runs
 * without them. Results do not depend on the number of threads.
 */
export class ThreadPool {
  /** The requested number of threads, including this one. */
  readonly wanted: number;
  readonly #waits: boolean;
  readonly #obstacle = obstacleToThreads();
  #workers: Workers | null = null;
  /** The inputs with which threads start. */
  #inputs: WorkerInputs | null = null;

  constructor({ threads = Math.min(countCores(), mostThreads), waitForThreads = false }: ThreadOptions) {
    if (!(Number.isInteger(threads) && threads >= 1)) {
      throw new ArgumentError("WasmEngine", `got threads ${threads}; expected a whole number of at least 1`);
    }
    this.wanted = threads;
    this.#waits = waitForThreads;
  }

  /** Whether the memory must be shared between threads. */
  get sharesMemory(): boolean {
    return this.#obstacle === null;
  }

  /** The maximum number of threads, including this one. */
  get count(): number {
    return this.#obstacle === null ? this.wanted : 1;
  }

  /** Sets the memory of the threads, and the module that runs programs. */
  share(heap: Heap, driver: Uint8Array<ArrayBuffer>): void {
    this.#inputs = { heap, driver };
  }

  /**
   * Starts a program on the other threads. Returns the number of participating threads, including this one, which must run the
   * program as thread 0 immediately; 1 if the other threads are not available, or not yet.
   */
  begin(program: Runnable, image: number): number {
    const workers = this.#startedWorkers();
    if (workers === null) return 1;
    if (this.#waits) workers.waitFor(program);
    return workers.begin(program, image) ? this.wanted : 1;
  }

  /** Starts the threads. Resolves with their number, including this one, when they are ready. */
  async start(): Promise<number> {
    for (;;) {
      const workers = this.#startedWorkers();
      if (workers === null) return 1;
      if (workers.isReady()) return this.wanted;
      await turnOfTheEventLoop();
    }
  }

  /** Ends the threads, and starts no others. */
  dispose(): void {
    this.#workers?.end();
    this.#workers = null;
  }

  /** Whether threads are starting that need turns of the event loop to start, as in a browser. */
  get needsTurns(): boolean {
    return this.#workers !== null && !startsWhileWaiting() && this.#workers.isStarting();
  }

  /** The other threads, which are started on first use; `null` if no other threads are wanted or available. */
  #startedWorkers(): Workers | null {
    if (this.wanted === 1 || this.#inputs === null) return null;
    if (this.#obstacle === null) this.#workers ??= new Workers(this.#inputs, this.wanted - 1);
    const obstacle = this.#obstacle ?? this.#workers?.failure() ?? null;
    if (obstacle === null) return this.#workers;
    notice(obstacle);
    return null;
  }
}

interface WorkerInputs {
  readonly heap: Heap;
  readonly driver: Uint8Array<ArrayBuffer>;
}

/** The threads other than this one. */
class Workers {
  readonly #heap: Heap;
  readonly #size: number;
  readonly #words = new Int32Array(new SharedArrayBuffer(256));
  /** A separate object, so that the threads' error handlers, which set it, do not keep this object alive. */
  readonly #failure: { reason: string | null };
  /** The numbers of the modules that all threads have loaded. */
  readonly #loaded = new Set<number>();
  /** The module that is being loaded, and the address of its bytes. */
  #loading: { readonly number: number; readonly address: number; readonly bytes: number } | null = null;
  #loads = 0;
  readonly #ends: readonly (() => void)[];

  constructor({ heap, driver }: WorkerInputs, size: number) {
    this.#heap = heap;
    this.#size = size;
    const failure: { reason: string | null } = { reason: null };
    this.#failure = failure;
    const shared = { memory: heap.memory, words: this.#words, driver, count: size + 1 };
    this.#ends = Array.from({ length: size }, (_, i) =>
      startThread(threadSource, { ...shared, index: i + 1 }, (reason) => (failure.reason ??= reason)),
    );
    collected.register(this, this.#ends);
  }

  end(): void {
    for (const end of this.#ends) end();
  }

  /** The reason why the threads cannot work; `null` if they can. */
  failure(): string | null {
    if (Atomics.load(this.#words, words.failed) > 0)
      this.#failure.reason ??= "a thread could not load or run a program";
    return this.#failure.reason;
  }

  isReady(): boolean {
    return Atomics.load(this.#words, words.ready) === this.#size;
  }

  isStarting(): boolean {
    return !this.isReady() && this.failure() === null;
  }

  /** Waits until all threads are ready and have loaded a program. Returns early if waiting cannot succeed. */
  waitFor(program: Runnable): void {
    while (this.isReady() ? !this.#has(program) : startsWhileWaiting()) {
      if (this.failure() !== null) return;
      Atomics.wait(this.#words, words.failed, 0, 1);
    }
  }

  begin(program: Runnable, image: number): boolean {
    if (this.failure() !== null || !this.isReady() || !this.#has(program)) return false;
    this.#command(commands.run, { image });
    return true;
  }

  /** Whether all threads have loaded a program's modules and are idle. If not, sends the command to load the next module. */
  #has({ modules }: Runnable): boolean {
    if (this.#loading !== null && !this.#finishLoading(this.#loading)) return false;
    for (const module of modules) {
      if (this.#loaded.has(module.number)) continue;
      this.#load(module);
      return false;
    }
    return true;
  }

  #load({ number, bytes, places: { first, count } }: Loadable): void {
    const address = this.#heap.allocate(bytes.length);
    if (address === null) return;
    this.#heap.view("bool", address, bytes.length).set(bytes);
    this.#loading = { number, address, bytes: bytes.length };
    this.#loads++;
    this.#command(commands.load, { address, bytes: bytes.length, first, count });
  }

  /** Whether all threads have loaded a module. Until then no other command is sent, because it would overwrite the load command. */
  #finishLoading({ number, address, bytes }: { number: number; address: number; bytes: number }): boolean {
    if (Atomics.load(this.#words, words.loaded) !== this.#loads * this.#size) return false;
    this.#heap.free(address, bytes);
    this.#loading = null;
    this.#loaded.add(number);
    return true;
  }

  #command(kind: number, values: { readonly [name in keyof typeof words]?: number }): void {
    this.#words[words.kind] = kind;
    for (const [name, value] of Object.entries(values))
      this.#words[words[name as keyof typeof words]] = value;
    Atomics.add(this.#words, words.command, 1);
    Atomics.notify(this.#words, words.command);
  }
}

const noticed = /* @__PURE__ */ shared("notices", () => new Set<string>());

/** Warns once about the reason why there are no threads. */
function notice(obstacle: string): void {
  if (!noticed.has(obstacle)) console.warn(`Stargrad works on one thread: ${obstacle}.`);
  noticed.add(obstacle);
}

/** Ends the threads of a `Workers` object that has been garbage-collected. */
const collected = new FinalizationRegistry<readonly (() => void)[]>((ends) => {
  for (const end of ends) end();
});
