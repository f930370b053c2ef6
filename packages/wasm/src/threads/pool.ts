import { ArgumentError } from "@stargrad/graph";
import { turnOfTheEventLoop } from "../event-loop.js";
import type { Heap } from "../heap.js";
import { commands, words } from "./serve.js";
import { threadSource } from "./thread-source.js";
import { countCores, obstacleToThreads, startsWhileWaiting, startThread } from "./host.js";

/** More threads than that have hardly anything to do. */
const mostThreads = 8;

export interface ThreadOptions {
  /** How many threads may work at once. Default: as many as the machine has cores, and at most 8. */
  readonly threads?: number;
  /**
   * Whether a program waits until its threads are there, instead of beginning without them: for measurements. In a browser
   * `startThreads` has to be awaited first, since threads do not start while one waits for them. Default: false.
   */
  readonly waitForThreads?: boolean;
}

/** Code that threads load before they can run a program, in the order of its numbers. */
export interface Loadable {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly places: { readonly first: number; readonly count: number };
}

/** A program as threads know it. */
export interface Runnable {
  readonly modules: ReadonlySet<Loadable>;
}

/**
 * Threads that run programs together with the one that asks for it. They share the engine's memory, wait for commands with
 * `Atomics`, and are started when there is first something for them to do. Until they are ready, and have loaded a program's code,
 * it runs without them: results do not depend on how many take part.
 */
export class ThreadPool {
  readonly #wanted: number;
  readonly #waits: boolean;
  readonly #obstacle = obstacleToThreads();
  #crew: Crew | null = null;
  /** What threads begin with. */
  #inputs: CrewInputs | null = null;

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

  /** Says what threads work with: the memory, and the module that runs programs. */
  share(heap: Heap, driver: Uint8Array<ArrayBuffer>): void {
    this.#inputs = { heap, driver };
  }

  /**
   * Has the others begin a program. Returns how many take part, this one included, which has to run it as thread 0 at once; 1 if the others are not there, or not yet.
   */
  begin(program: Runnable, image: number): number {
    const crew = this.#crewNow();
    if (crew === null) return 1;
    if (this.#waits) crew.waitFor(program);
    return crew.begin(program, image) ? this.#wanted : 1;
  }

  /** Starts the threads. Resolves with how many there are, this one included, when they are ready. */
  async start(): Promise<number> {
    for (;;) {
      const crew = this.#crewNow();
      if (crew === null) return 1;
      if (crew.isReady()) return this.#wanted;
      await turnOfTheEventLoop();
    }
  }

  /** Ends the threads. There are none from here on. */
  dispose(): void {
    this.#crew?.end();
    this.#crew = null;
  }

  /** Whether threads are starting that need turns of the event loop for it, as those of a browser do. */
  get needsTurns(): boolean {
    return this.#crew !== null && !startsWhileWaiting() && this.#crew.isStarting();
  }

  /** The other threads; `null` if there are none to be. */
  #crewNow(): Crew | null {
    if (this.#wanted === 1 || this.#inputs === null) return null;
    if (this.#obstacle === null) this.#crew ??= new Crew(this.#inputs, this.#wanted - 1);
    const obstacle = this.#obstacle ?? this.#crew?.failure() ?? null;
    if (obstacle === null) return this.#crew;
    notice(obstacle);
    return null;
  }
}

interface CrewInputs {
  readonly heap: Heap;
  readonly driver: Uint8Array<ArrayBuffer>;
}

/** The threads besides this one. */
class Crew {
  readonly #heap: Heap;
  readonly #size: number;
  readonly #words = new Int32Array(new SharedArrayBuffer(256));
  /** Apart from the crew, so that the threads, which write it, do not keep the crew alive. */
  readonly #failure: { reason: string | null };
  /** The modules all of them have loaded, by their numbers. */
  readonly #loaded = new Set<number>();
  /** The module that is being loaded, and where its bytes are. */
  #loading: { readonly number: number; readonly address: number; readonly bytes: number } | null = null;
  #loads = 0;
  readonly #ends: readonly (() => void)[];

  constructor({ heap, driver }: CrewInputs, size: number) {
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

  /** Why they cannot work; `null` if they can. */
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

  /** Returns when all threads are there and have loaded a program, or when waiting is of no use. */
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

  /** Whether all have loaded what a program calls, and are free to run it. If they have not, they are told to load it. */
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

  /** Whether a module is loaded by now. Until it is there is no other command, which would overwrite this one. */
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

const noticed = new Set<string>();

/** Says once why there are no threads. */
function notice(obstacle: string): void {
  if (!noticed.has(obstacle)) console.warn(`Stargrad works on one thread: ${obstacle}.`);
  noticed.add(obstacle);
}

/** Ends the threads of a crew that nobody can ask any more. */
const collected = new FinalizationRegistry<readonly (() => void)[]>((ends) => {
  for (const end of ends) end();
});
