import type { Machine } from "@stargrad/codegen";
import { describeGraph, fuse, lower, type GraphDescription } from "@stargrad/compiler";
import {
  disposeSymbol,
  type Capabilities,
  type Engine,
  type Node,
  type PreparedProgram,
  type Storage,
} from "@stargrad/graph";
import { whenCollected } from "./collection.js";
import { compile, type CompiledProgram } from "./compile.js";
import { emitDriver } from "./driver.js";
import { turnOfTheEventLoop } from "./event-loop.js";
import { Heap, mostPages } from "./heap.js";
import { KernelStore } from "./kernel-store.js";
import { outOfMemory } from "./out-of-memory.js";
import { patient } from "./patient-storage.js";
import { ProgramCache } from "./program-cache.js";
import { header, headerBytes } from "./program-image.js";
import { mayReclaim, noteGivenBack, noteHeld, reclaim } from "./reclamation.js";
import { Run } from "./run.js";
import { wasmTarget } from "./target.js";
import { barrierEnd, giveUp } from "./threads/barrier.js";
import { ThreadPool, type ThreadOptions } from "./threads/pool.js";
import { fastestVectors, obstacleToVectors, type VectorOptions } from "./vector-features.js";

export interface WasmEngineOptions extends ThreadOptions, VectorOptions {
  /** From how many operations on a program is worth several threads, and a tenth of that a kernel. Default: 400,000. */
  readonly leastWork?: number;
  /**
   * Within how many bytes programs that were compiled are kept, about: what has not been used for longest is forgotten first,
   * and compiled again when it is met again. Default: 256 MiB.
   */
  readonly programMemory?: number;
}

/** What an engine holds, in bytes. */
export interface EngineMemory {
  /** What variables, programs and their workplace take. */
  readonly used: number;
  /** What has been reserved for it. Until the engine is disposed of it never shrinks. */
  readonly reserved: number;
  /** How many programs are compiled. */
  readonly programs: number;
}

/** A program that has been met before. */
interface KnownProgram extends CompiledProgram {
  /** What it takes, about, in bytes: its image, and the code that was compiled for it. */
  readonly cost: number;
  /** Where its image stands; `null` until it runs. */
  readonly place: { image: number | null };
}

/** Carries out the commands of an image, as one of so many threads. */
type Start = (image: number, thread: number, threads: number) => number;

/**
 * Computes graphs with WebAssembly that is emitted at run time: a graph is compiled when it is first met, and run from then
 * on whenever one of the same structure comes. Variables live in the engine's memory. Other elements live in ordinary arrays,
 * where the garbage collector sees them, and are copied in and out when a program runs.
 */
export class WasmEngine implements Engine {
  /** Whether WebAssembly is there, has vectors of 128 bits, and is not forbidden by a page's Content-Security-Policy. */
  static isSupported(): boolean {
    return WasmEngine.obstacle() === null;
  }

  /** Why it cannot run here, and what to do about it; `null` if it can. */
  static obstacle(): string | null {
    return obstacleToVectors();
  }

  readonly name = "wasm";
  readonly capabilities: Capabilities = { dtypes: wasmTarget.dtypes, synchronous: true };
  readonly #threads: ThreadPool;
  readonly #leastWork: number;
  readonly #heap: Heap;
  readonly #programs: ProgramCache<KnownProgram>;
  readonly #kernels: KernelStore;
  #start: Start;
  readonly #frame = { address: 0, bytes: 0 };

  constructor(options: WasmEngineOptions = {}) {
    this.#leastWork = options.leastWork ?? 400_000;
    this.#programs = new ProgramCache(options.programMemory ?? 256 * 2 ** 20);
    const machine: Machine = fastestVectors(options);
    this.#threads = new ThreadPool(options);
    const shared = this.#threads.sharesMemory;
    const memory = new WebAssembly.Memory({ initial: 16, maximum: mostPages, shared });
    this.#heap = new Heap(memory, barrierEnd);
    const imported = { minimum: 1, maximum: mostPages, shared };
    this.#kernels = new KernelStore({ heap: this.#heap, memory: imported, machine });
    const driver = emitDriver(imported, this.#threads.count);
    const { table } = this.#kernels;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(driver), { env: { memory, table } });
    this.#start = (exports as Record<"start", Start>).start;
    this.#threads.share(this.#heap, driver);
  }

  /** How many threads a program may run on, if it is worth it. */
  get threads(): number {
    return this.#threads.count;
  }

  /**
   * Starts the threads, which otherwise start when there is first something for them to do. Resolves with how many there
   * are when they are ready.
   */
  startThreads(): Promise<number> {
    return this.#threads.start();
  }

  /** What the engine holds at the moment. */
  memory(): EngineMemory {
    const { used, reserved } = this.#heap;
    return { used, reserved, programs: this.#programs.size };
  }

  /**
   * Ends its threads and lets its memory go, with its programs and the values of the variables that live there. Whoever
   * computes with it or reads one of those afterwards gets an error; what has been read before stays as it is. Disposing of it
   * twice is the same as once.
   */
  dispose(): void {
    this.#threads.dispose();
    this.#heap.dispose();
    this.#programs.clear();
    // Instances hold the memory.
    this.#kernels.dispose();
    this.#start = () => 0;
  }

  /** What `using engine = new WasmEngine()` does at the end of its block. */
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
          new Run(this.#heap, program, [elements, destinations]).finish((addresses) => {
            this.#execute(program, addresses);
          }),
        ),
    };
  }

  /** Runs a program whose inputs and outputs have addresses. */
  #execute(program: KnownProgram, addresses: Uint32Array): void {
    const frame = this.#frameOf(program);
    const image = this.#imageOf(program);
    const words = this.#heap.all("int32");
    words[(image + header.frame) >>> 2] = frame;
    words.set(addresses, (image + headerBytes) >>> 2);
    const threads = program.parallel ? this.#threads.begin(program, image) : 1;
    let failed: number;
    try {
      failed = this.#start(image, 0, threads);
    } catch (error) {
      if (threads > 1) giveUp(this.#heap.memory);
      throw error;
    }
    if (failed === 0) return;
    const [position, index] = [header.position, header.index].map((at) => words[(image + at) >>> 2]);
    throw program.failures[failed - 1]?.(position, index) ?? new Error("a kernel failed that cannot");
  }

  /** Results wait before they are read if something needs turns of the event loop. */
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
      leastWork: this.#leastWork,
    });
    const cost = 4 * compiled.image.byteLength + 2 * signature.length + this.#kernels.cost - before;
    const program = { ...compiled, cost, place: { image: null } };
    noteHeld(cost);
    whenCollected(program, giverBack(this.#heap, this.#kernels, program));
    this.#programs.add(signature, program);
    return program;
  }

  /** Where a program may work: one place for all, since they run one after another. */
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
    const { image, place } = program;
    if (place.image === null) {
      const address =
        this.#heap.allocate(image.byteLength) ?? outOfMemory(this.#heap, program, image.byteLength);
      this.#heap.view("int32", address, image.length).set(image);
      this.#heap.all("int32")[(address + header.image) >>> 2] = address;
      place.image = address;
    }
    return place.image;
  }
}

/**
 * What gives back all that a program holds, when nobody can run it any more: one that has been forgotten may still stand in a
 * recorded step. Apart from the program, which it must not keep alive.
 */
function giverBack(
  heap: Heap,
  kernels: KernelStore,
  { image, place, modules, cost }: KnownProgram,
): () => void {
  const bytes = image.byteLength;
  return () => {
    if (place.image !== null) heap.free(place.image, bytes);
    kernels.release(modules);
    noteGivenBack(cost);
  };
}
