import type { Machine } from "@stargrad/codegen";
import { describeGraph, fuse, lower, type GraphDescription } from "@stargrad/compiler";
import {
  disposeSymbol,
  StargradError,
  type Capabilities,
  type Engine,
  type Node,
  type PreparedProgram,
  type Storage,
} from "@stargrad/graph";
import { count, expectOptions, flag, notNegative, number } from "@stargrad/graph/internal";
import { whenCollected } from "./collection.js";
import { compile, type CompiledProgram } from "./compile.js";
import { emitDriver } from "./driver.js";
import { turnOfTheEventLoop } from "./event-loop.js";
import { Heap, mostPages } from "./heap.js";
import { KernelStore } from "./kernel-store.js";
import { outOfMemory, reserveMemory } from "./out-of-memory.js";
import { patient } from "./patient-storage.js";
import { ProgramCache } from "./program-cache.js";
import { header, headerBytes } from "./program-image.js";
import { mayReclaim, noteGivenBack, noteHeld, reclaim } from "./reclamation.js";
import { Run } from "./run.js";
import { wasmTarget } from "./target.js";
import { barrierEnd } from "./threads/barrier.js";
import { ThreadPool } from "./threads/pool.js";
import type { ThreadOptions } from "./threads/thread-options.js";
import { fastestVectors, obstacleToVectors, type VectorOptions } from "./vector-features.js";

export interface WasmEngineOptions extends ThreadOptions, VectorOptions {
  /** The number of operations from which a program runs on several threads, and a kernel from a tenth of it. Default: 400,000 */
  readonly leastWork?: number;
  /**
   * The approximate maximum memory of compiled programs in bytes. The least recently used program is evicted first, and compiled
   * again when it is needed again. Default: 256 MiB
   */
  readonly programMemory?: number;
}

/** The memory use of an engine, in bytes. */
export interface EngineMemory {
  /** The memory in use by variables, programs and their internal buffers. */
  readonly used: number;
  /** The reserved memory. It never shrinks until the engine is disposed of. */
  readonly reserved: number;
  /** The number of compiled programs. */
  readonly programs: number;
}

/** An estimate of the bytes of a program's objects besides its image and its signature. */
const bytesPerProgram = 8 * 2 ** 10;

/** A compiled program in the cache. */
interface KnownProgram extends CompiledProgram {
  /** An estimate of its memory in bytes: its own, and that of the code that was compiled for it. */
  readonly cost: number;
  /** The address of its image; `null` until it first runs. */
  readonly location: { image: number | null };
}

/** Executes the commands of an image, as one of `threads` threads. */
type Start = (image: number, thread: number, threads: number) => number;

/**
 * Computes graphs with WebAssembly that is generated at run time. A graph is compiled on first use, and the compiled program is
 * reused for all graphs of the same structure. Variables are stored in the engine's memory. Other elements are stored in ordinary
 * arrays, which the garbage collector can free, and are copied in and out when a program runs.
 */
export class WasmEngine implements Engine {
  /** Whether WebAssembly is available, has 128-bit vectors, and is not forbidden by a page's Content-Security-Policy. */
  static isSupported(): boolean {
    return WasmEngine.obstacle() === null;
  }

  /** The reason why the engine cannot run here, and what to try; `null` if it can. */
  static obstacle(): string | null {
    return obstacleToVectors();
  }

  readonly name = "wasm";
  /** Makes `structuredClone` and `postMessage` throw, which show this text. */
  readonly notCloneable = Symbol("an engine: make one in each worker, new WasmEngine()");
  readonly capabilities: Capabilities;
  readonly #threads: ThreadPool;
  readonly #leastWork: number;
  readonly #heap: Heap;
  readonly #programs: ProgramCache<KnownProgram>;
  readonly #kernels: KernelStore;
  #start: Start;
  readonly #frame = { address: 0, bytes: 0 };

  constructor(options: WasmEngineOptions = {}) {
    expectOptions<WasmEngineOptions>("WasmEngine", options, {
      threads: count,
      waitForThreads: flag,
      relaxed: flag,
      wideVectors: flag,
      leastWork: number,
      programMemory: notNegative,
    });
    this.#leastWork = options.leastWork ?? 400_000;
    this.#programs = new ProgramCache(options.programMemory ?? 256 * 2 ** 20);
    const machine: Machine = fastestVectors(options);
    const arithmetic = machine.paired ? "paired" : machine.relaxed ? "fused" : "rounded";
    this.capabilities = { dtypes: wasmTarget.dtypes, synchronous: true, arithmetic };
    this.#threads = new ThreadPool(options);
    const shared = this.#threads.sharesMemory;
    const memory = reserveMemory(shared);
    this.#heap = new Heap(memory, barrierEnd);
    const imported = { minimum: 1, maximum: mostPages, shared };
    this.#kernels = new KernelStore({ heap: this.#heap, memory: imported, machine });
    const driver = emitDriver(imported, this.#threads.count);
    const { table } = this.#kernels;
    const env = { memory, table, lookForLost: expectAllOf(new WeakRef(this.#threads)) };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(driver), { env });
    this.#start = (exports as Record<"start", Start>).start;
    this.#threads.share(this.#heap, driver);
  }

  /** The maximum number of threads of a program. */
  get threads(): number {
    return this.#threads.count;
  }

  /**
   * Starts the threads, which otherwise start when they are first needed. Resolves with their number when they are ready.
   */
  startThreads(): Promise<number> {
    return this.#threads.start();
  }

  /** The current memory use of the engine. */
  memory(): EngineMemory {
    const { used, reserved } = this.#heap;
    return { used, reserved, programs: this.#programs.size };
  }

  /**
   * Ends the engine's threads and releases its memory, including its programs and the values of variables in it. Computing with the
   * engine or reading such a variable afterwards throws an error; values that have already been read remain valid. Disposing of it
   * twice has the same effect as once.
   */
  dispose(): void {
    this.#threads.dispose();
    this.#heap.dispose();
    this.#programs.clear();
    // The instances of the kernels refer to the memory.
    this.#kernels.dispose();
    this.#start = () => 0;
  }

  /** Called by `using engine = new WasmEngine()` at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  prepare(outputs: readonly Node[]): PreparedProgram {
    const graph = describeGraph(outputs);
    const program = this.#programFor(graph, outputs);
    return {
      leaves: graph.leaves,
      cost: program.cost,
      run: (elements, destinations) =>
        this.#handOut(
          new Run(this.#heap, program, [elements, destinations]).finish((addresses, isRepeatable) => {
            this.#execute(program, addresses, isRepeatable);
          }),
        ),
    };
  }

  /**
   * Runs a program with the given addresses of its inputs and outputs. If a thread ends meanwhile, the program is run again without
   * it, or, if the inputs may have been overwritten, throws an error.
   */
  #execute(program: KnownProgram, addresses: Uint32Array, isRepeatable: boolean): void {
    const frame = this.#frameOf(program);
    const image = this.#imageOf(program);
    const words = this.#heap.all("int32");
    words[(image + header.frame) >>> 2] = frame;
    words.set(addresses, (image + headerBytes) >>> 2);
    const threads = program.parallel ? this.#threads.begin(program, image) : 1;
    let failed: number;
    try {
      failed = this.#start(image, 0, threads);
    } catch (cause) {
      if (threads === 1 || !this.#threads.abandon()) throw cause;
      if (!isRepeatable) throw incomplete(cause);
      this.#execute(program, addresses, isRepeatable);
      return;
    }
    if (failed === 0) return;
    const [position, index] = [header.position, header.index].map((at) => words[(image + at) >>> 2]);
    throw (
      program.failures[failed - 1]?.(position, index) ??
      new Error(`a program failed with the unknown error number ${failed}`)
    );
  }

  /** Returns results whose asynchronous reads wait if threads or reclamation need turns of the event loop. */
  #handOut(results: Storage[]): Storage[] {
    if (this.#threads.needsTurns) return patient(results, turnOfTheEventLoop);
    return mayReclaim() ? patient(results, reclaim) : results;
  }

  #programFor({ signature, order }: GraphDescription, outputs: readonly Node[]): KnownProgram {
    const known = this.#programs.get(signature);
    if (known !== undefined) return known;
    const before = this.#kernels.cost;
    const compiled = compile(fuse(lower(outputs, wasmTarget, order), wasmTarget), {
      kernels: this.#kernels,
      threads: this.#threads.count,
      wantedThreads: this.#threads.wanted,
      leastWork: this.#leastWork,
    });
    const own = bytesPerProgram + 4 * compiled.image.byteLength + 2 * signature.length;
    const cost = own + this.#kernels.cost - before;
    const program = { ...compiled, cost, location: { image: null } };
    noteHeld(cost);
    whenCollected(program, releaser(this.#heap, this.#kernels, program));
    this.#programs.add(signature, program);
    return program;
  }

  /** The address of a frame that is large enough. All programs share one frame, because they run one after another. */
  #frameOf(program: KnownProgram): number {
    const { frameBytes } = program;
    const frame = this.#frame;
    if (frame.bytes >= frameBytes && frame.address > 0) return frame.address;
    if (frame.address > 0) this.#heap.free(frame.address, frame.bytes);
    frame.address = 0;
    frame.address = this.#heap.allocate(frameBytes) ?? outOfMemory(this.#heap, program, frameBytes);
    frame.bytes = frameBytes;
    return frame.address;
  }

  #imageOf(program: KnownProgram): number {
    const { image, location } = program;
    if (location.image === null) {
      const address =
        this.#heap.allocate(image.byteLength) ?? outOfMemory(this.#heap, program, image.byteLength);
      this.#heap.view("int32", address, image.length).set(image);
      this.#heap.all("int32")[(address + header.image) >>> 2] = address;
      location.image = address;
    }
    return location.image;
  }
}

/** The pool is referred to weakly, because a table keeps all instances that import it, and a program keeps the table. */
function expectAllOf(pool: WeakRef<ThreadPool>): () => void {
  return () => pool.deref()?.expectAll();
}

function incomplete(cause: unknown): StargradError {
  return new StargradError(
    "WasmEngine",
    "a thread ended while it was updating variables in place; their values may be incomplete",
    "Load the last checkpoint, or start again",
    { cause },
  );
}

/**
 * Returns a function that frees all memory of a program when it has become unreachable. An evicted program may still be part of a
 * recorded step. The function must not refer to the program, so as not to keep it alive.
 */
function releaser(
  heap: Heap,
  kernels: KernelStore,
  { image, location, modules, cost }: KnownProgram,
): () => void {
  const bytes = image.byteLength;
  return () => {
    if (location.image !== null) heap.free(location.image, bytes);
    kernels.release(modules);
    noteGivenBack(cost);
  };
}
