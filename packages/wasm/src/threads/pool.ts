import { shared } from "@stargrad/graph/internal";
import { turnOfTheEventLoop } from "../event-loop.js";
import type { Heap } from "../heap.js";
import { giveUp, resetBarrier } from "./barrier.js";
import { commands, states, words } from "./serve.js";
import { threadSource } from "./thread-source.js";
import type { ThreadOptions } from "./thread-options.js";
import { countCores, obstacleToThreads, startsWhileWaiting, startThread, type Thread } from "./host.js";

/** More threads than this have too little work. */
const mostThreads = 8;

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
 * without them. If a thread ends, the pool continues with one thread fewer. Results do not depend on the number of threads.
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
    return workers.begin(program, image) ? workers.count : 1;
  }

  /**
   * Ends a program that has failed in this thread, and waits until the other threads have left it. Returns whether it failed because
   * a thread has ended.
   */
  abandon(): boolean {
    return this.#workers?.abandon() ?? false;
  }

  /** Called by a program that has waited for long. Throws: Error if it would wait forever, because a thread has ended */
  expectAll(): void {
    this.#workers?.expectAll();
  }

  /** Starts the threads. Resolves with their number, including this one, when they are ready. */
  async start(): Promise<number> {
    for (;;) {
      const workers = this.#startedWorkers();
      if (workers === null) return 1;
      if (workers.isReady()) return workers.count;
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
    if (this.#obstacle !== null) {
      notice(1, this.#obstacle);
      return null;
    }
    this.#workers ??= new Workers(this.#inputs, this.wanted - 1);
    const loss = this.#workers.removeLost();
    if (loss !== null) notice(this.#workers.count, loss);
    return this.#workers.count === 1 ? null : this.#workers;
  }
}

interface WorkerInputs {
  readonly heap: Heap;
  readonly driver: Uint8Array<ArrayBuffer>;
}

/** The threads other than this one. */
class Workers {
  readonly #heap: Heap;
  readonly #words: Int32Array;
  /** The threads that work, each with the index of the words of its place. A thread that has ended is removed. */
  #threads: readonly { readonly thread: Thread; readonly place: number }[];
  /** The number of the last command. */
  #command = 0;
  /** The numbers of the modules that all threads have loaded. */
  readonly #loaded = new Set<number>();
  /** The module that is being loaded, and the address of its bytes. */
  #loading: { readonly number: number; readonly address: number; readonly bytes: number } | null = null;

  constructor({ heap, driver }: WorkerInputs, size: number) {
    this.#heap = heap;
    this.#words = new Int32Array(new SharedArrayBuffer(4 * (words.places + 2 * size)));
    const places = Array.from({ length: size }, (_, i) => words.places + 2 * i);
    for (const place of places) this.#words[place + 1] = states.starting;
    const inputs = { memory: heap.memory, words: this.#words, driver };
    this.#threads = places.map((place) => ({
      place,
      thread: startThread(threadSource, { ...inputs, place }),
    }));
    this.#assignIndices();
    collected.register(
      this,
      this.#threads.map(({ thread }) => thread),
    );
  }

  end(): void {
    for (const { thread } of this.#threads) thread.end();
  }

  /** The number of threads, including this one. */
  get count(): number {
    return 1 + this.#threads.length;
  }

  isReady(): boolean {
    return this.#threads.every((thread) => this.#stateOf(thread) !== states.starting);
  }

  isStarting(): boolean {
    return this.#threads.some(
      (thread) => this.#stateOf(thread) === states.starting && this.#lossOf(thread) === null,
    );
  }

  /** Removes the threads that have ended, once no thread is starting. Returns the reason; `null` if all threads work. */
  removeLost(): string | null {
    const reason = this.#loss();
    if (reason === null || this.isStarting()) return null;
    this.#threads = this.#threads.filter((thread) => this.#lossOf(thread) === null);
    this.#assignIndices();
    return reason;
  }

  /** Looks whether a thread has ended. Throws: Error if one has */
  expectAll(): void {
    this.#look();
    const reason = this.#loss();
    if (reason !== null) throw new Error(reason);
  }

  /** Waits until all threads are ready and have loaded a program. Returns early if waiting cannot succeed. */
  waitFor(program: Runnable): void {
    while (this.isReady() ? !this.#has(program) : startsWhileWaiting()) {
      this.#look();
      if (this.#loss() !== null) return;
      this.#letTimePass();
    }
  }

  /** Starts a program on all threads if they are ready. Returns whether they were. */
  begin(program: Runnable, image: number): boolean {
    if (!this.isReady() || !this.#has(program)) return false;
    this.#send(commands.run, { image, threads: this.count });
    return true;
  }

  /** Ends a program in all threads after one has failed, and waits until they have left it. Returns whether a thread was lost. */
  abandon(): boolean {
    giveUp(this.#heap.memory);
    while (this.#threads.some((thread) => !this.#isIdle(thread) && this.#lossOf(thread) === null)) {
      this.#look();
      this.#letTimePass();
    }
    resetBarrier(this.#heap.memory);
    return this.#loss() !== null;
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
    this.#send(commands.load, { address, bytes: bytes.length, first, count });
  }

  /** Whether all threads have loaded a module. Until then no other command is sent, because it would overwrite the load command. */
  #finishLoading({ number, address, bytes }: { number: number; address: number; bytes: number }): boolean {
    if (!this.#threads.every((thread) => this.#isIdle(thread))) return false;
    this.#heap.free(address, bytes);
    this.#loading = null;
    this.#loaded.add(number);
    return true;
  }

  #send(kind: number, values: { readonly [name in keyof typeof words]?: number }): void {
    this.#words[words.kind] = kind;
    for (const [name, value] of Object.entries(values))
      this.#words[words[name as keyof typeof words]] = value;
    // The numbers of commands are never negative, unlike the other states of threads.
    this.#command = (this.#command + 1) & 0x3fffffff;
    Atomics.store(this.#words, words.command, this.#command);
    Atomics.notify(this.#words, words.command);
  }

  #assignIndices(): void {
    for (const [i, { place }] of this.#threads.entries()) this.#words[place] = i + 1;
  }

  #stateOf({ place }: { readonly place: number }): number {
    return Atomics.load(this.#words, place + 1);
  }

  #isIdle(thread: { readonly place: number }): boolean {
    return this.#stateOf(thread) === this.#command;
  }

  /** The reason why a thread has ended; `null` if it has not. */
  #lossOf({ thread, place }: { readonly thread: Thread; readonly place: number }): string | null {
    if (this.#stateOf({ place }) === states.failed)
      thread.reason ??= "a thread could not load or run a program";
    return thread.reason;
  }

  /** The reason why the first of the threads that have ended has ended; `null` if all work. */
  #loss(): string | null {
    for (const thread of this.#threads) {
      const reason = this.#lossOf(thread);
      if (reason !== null) return reason;
    }
    return null;
  }

  #look(): void {
    for (const { thread } of this.#threads) thread.look();
  }

  /** Blocks for a millisecond. */
  #letTimePass(): void {
    Atomics.wait(this.#words, words.still, 0, 1);
  }
}

const noticed = /* @__PURE__ */ shared("notices", () => new Set<string>());

/** Warns once about the reason why there are fewer threads than wanted. */
function notice(count: number, reason: string): void {
  const warning = `Stargrad works on ${count === 1 ? "one thread" : `${count} threads`}: ${reason}.`;
  if (!noticed.has(warning)) console.warn(warning);
  noticed.add(warning);
}

/** Ends the threads of a `Workers` object that has been garbage-collected. */
const collected = new FinalizationRegistry<readonly Thread[]>((threads) => {
  for (const thread of threads) thread.end();
});
