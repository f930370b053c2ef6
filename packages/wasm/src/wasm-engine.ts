import { describeGraph, fuse, lower } from "@stargrad/compiler";
import {
  bytesPerElement,
  disposeSymbol,
  HostStorage,
  type Destination,
  type Engine,
  type Node,
  type PreparedProgram,
  type Storage,
} from "@stargrad/graph";
import { compile, type CompiledProgram } from "./compile.js";
import { failureAt } from "./constants.js";
import { EngineStorage } from "./engine-storage.js";
import { turnOfTheEventLoop } from "./event-loop.js";
import { Heap, mostPages } from "./heap.js";
import { outOfMemory } from "./out-of-memory.js";
import { patient } from "./patient-storage.js";
import { mayReclaim, reclaim } from "./reclamation.js";
import { barrierEnd, giveUp } from "./threads/barrier.js";
import { ThreadPool, type ThreadOptions } from "./threads/pool.js";
import { fastestVectors, hasVectors, type VectorFeatures, type VectorOptions } from "./vector-features.js";

/** How many programs are kept. A training loop needs a handful. */
const programBound = 256;

export interface WasmEngineOptions extends ThreadOptions, VectorOptions {
  /** From how many operations on a program is worth several threads, and a tenth of that a kernel. Default: 400,000. */
  readonly leastWork?: number;
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
  readonly number: number;
  readonly run: (frame: number, constantsAt: number, thread: number, threads: number) => number;
  /** Where its constants stand; `null` until it runs, and once it has been forgotten. */
  constantsAt: number | null;
}

/**
 * Computes graphs with WebAssembly that is emitted at run time: a graph is compiled when it is first met, and run from then
 * on whenever one of the same structure comes. Variables live in the engine's memory. Other elements live in ordinary arrays,
 * where the garbage collector sees them, and are copied in and out when a program runs.
 */
export class WasmEngine implements Engine {
  /** Whether WebAssembly is there, has vectors of 128 bits, and is not forbidden by a page's Content-Security-Policy. */
  static isSupported(): boolean {
    return hasVectors();
  }

  readonly name = "wasm";
  readonly #threads: ThreadPool;
  readonly #leastWork: number;
  readonly #heap: Heap;
  readonly #programs = new Map<string, KnownProgram>();
  readonly #vectors: VectorFeatures;
  readonly #frame = { address: 0, bytes: 0 };
  #compiled = 0;

  constructor(options: WasmEngineOptions = {}) {
    this.#leastWork = options.leastWork ?? 400_000;
    this.#vectors = fastestVectors(options);
    this.#threads = new ThreadPool(options);
    const memory = new WebAssembly.Memory({
      initial: 16,
      maximum: mostPages,
      shared: this.#threads.sharesMemory,
    });
    this.#heap = new Heap(memory, barrierEnd);
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
    return this.#threads.start(this.#heap);
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
  }

  /** What `using engine = new WasmEngine()` does at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  prepare(outputs: readonly Node[]): PreparedProgram {
    const { key, leaves } = describeGraph(outputs);
    const compiled = this.#programFor(key, outputs);
    return {
      leaves,
      run: (...inputs) => this.#handOut(new Run(this.#heap, compiled, inputs).finish(this.#execute)),
    };
  }

  /** Runs a program whose inputs and outputs have addresses. */
  readonly #execute = (program: KnownProgram, addresses: ReadonlyMap<number, number>): void => {
    const frame = this.#frameOf(program);
    const constantsAt = this.#constantsOf(program);
    const words = this.#heap.all("int32");
    for (const [buffer, slot] of program.slots) words[constantsAt / 4 + slot] = addresses.get(buffer) ?? 0;
    const threads = program.parallel ? this.#threads.begin(this.#heap, program, frame, constantsAt) : 1;
    let failed: number;
    try {
      failed = program.run(frame, constantsAt, 0, threads);
    } catch (error) {
      if (threads > 1) giveUp(this.#heap.memory);
      throw error;
    }
    if (failed === 0) return;
    const [position, index] = [failureAt.position, failureAt.index].map(
      (at) => words[(constantsAt + at) / 4],
    );
    throw program.failures[failed - 1]?.(position, index) ?? new Error("a kernel failed that cannot");
  };

  /** Results wait before they are read if something needs turns of the event loop. */
  #handOut(results: Storage[]): Storage[] {
    if (this.#threads.needsTurns) return patient(results, turnOfTheEventLoop);
    return mayReclaim() ? patient(results, reclaim) : results;
  }

  #programFor(key: string, outputs: readonly Node[]): KnownProgram {
    const known = this.#programs.get(key);
    if (known !== undefined) {
      // The least recently used program is the first in the map.
      this.#programs.delete(key);
      this.#programs.set(key, known);
      return known;
    }
    const { memory } = this.#heap;
    const compiled = compile(fuse(lower(outputs)), {
      memory: { minimum: 1, maximum: mostPages, shared: this.#threads.sharesMemory },
      vectors: this.#vectors,
      threads: this.#threads.count,
      leastWork: this.#leastWork,
    });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(compiled.bytes), { env: { memory } });
    const { run } = instance.exports as Record<"run", KnownProgram["run"]>;
    const program = { ...compiled, number: this.#compiled++, run, constantsAt: null };
    this.#programs.set(key, program);
    if (this.#programs.size > programBound) this.#forgetOldest();
    return program;
  }

  #forgetOldest(): void {
    for (const [key, program] of this.#programs) {
      this.#programs.delete(key);
      if (program.constantsAt !== null) this.#heap.free(program.constantsAt, program.constants.byteLength);
      program.constantsAt = null;
      return;
    }
  }

  /** Where a program may work: one place for all, since they run one after another. */
  #frameOf({ frameBytes, program }: KnownProgram): number {
    const frame = this.#frame;
    if (frame.bytes >= frameBytes && frame.address > 0) return frame.address;
    if (frame.address > 0) this.#heap.free(frame.address, frame.bytes);
    frame.address = 0;
    frame.address = this.#heap.allocate(frameBytes) ?? outOfMemory(this.#heap, program, frameBytes);
    frame.bytes = frameBytes;
    return frame.address;
  }

  #constantsOf(program: KnownProgram): number {
    if (program.constantsAt === null) {
      const { constants } = program;
      program.constantsAt =
        this.#heap.allocate(constants.byteLength) ??
        outOfMemory(this.#heap, program.program, constants.byteLength);
      this.#heap.view("int32", program.constantsAt, constants.length).set(constants);
    }
    return program.constantsAt;
  }
}

type RunInputs = Parameters<PreparedProgram["run"]>;

/** One run of a program: where its inputs are, where its outputs go, and what is temporary. */
class Run {
  readonly #heap: Heap;
  readonly #known: KnownProgram;
  readonly #addresses = new Map<number, number>();
  readonly #temporary: { readonly address: number; readonly bytes: number }[] = [];
  /** Hands out those outputs that are copied to ordinary memory, and the others. */
  readonly #takeHost = new Map<number, () => Storage>();
  readonly #takeOther = new Map<number, () => Storage>();
  readonly #check: RunInputs[2];

  constructor(heap: Heap, known: KnownProgram, [elements, destinations, check]: RunInputs) {
    this.#heap = heap;
    this.#known = known;
    this.#check = check;
    const { program } = known;
    const sources = new Map<Storage, number[]>();
    try {
      program.inputs.forEach((buffer, i) => {
        sources.set(elements[i], [...(sources.get(elements[i]) ?? []), buffer]);
        this.#addresses.set(buffer, this.#place(elements[i], buffer));
      });
      program.outputs.forEach((buffer, i) => {
        const taking = destinations[i] === "host" ? this.#takeHost : this.#takeOther;
        taking.set(i, this.#resultIn(buffer, destinations[i], sources));
      });
    } catch (error) {
      this.#clear();
      throw error;
    }
  }

  finish(execute: (program: KnownProgram, addresses: ReadonlyMap<number, number>) => void): Storage[] {
    try {
      execute(this.#known, this.#addresses);
      const hosts = new Map([...this.#takeHost].map(([i, take]) => [i, take()]));
      this.#check?.([...hosts.values()]);
      const others = new Map([...this.#takeOther].map(([i, take]) => [i, take()]));
      return this.#known.program.outputs.flatMap((_, i) => hosts.get(i) ?? others.get(i) ?? []);
    } finally {
      this.#clear();
    }
  }

  /** The address of a leaf's elements, which are copied into the engine unless they are there. */
  #place(storage: Storage, buffer: number): number {
    const heap = this.#heap;
    if (storage instanceof EngineStorage && storage.heap === heap) return storage.address;
    const { dtype, size } = this.#known.program.buffers[buffer];
    const address = this.#borrow(size * bytesPerElement(dtype));
    const data = storage.readSync();
    heap.all(dtype).set(data, address / bytesPerElement(dtype));
    return address;
  }

  /** Decides where an output is written, and how it is handed out afterwards. */
  #resultIn(
    buffer: number,
    destination: Destination,
    sources: ReadonlyMap<Storage, readonly number[]>,
  ): () => Storage {
    const heap = this.#heap;
    const { dtype, size } = this.#known.program.buffers[buffer];
    const bytes = size * bytesPerElement(dtype);
    const written = this.#addresses.get(buffer);
    const own = destination instanceof EngineStorage && destination.heap === heap ? destination : null;

    if (destination === "host") {
      const address = written ?? this.#borrow(bytes);
      this.#addresses.set(buffer, address);
      return () => new HostStorage(heap.view(dtype, address, size).slice());
    }
    if (own !== null && written === undefined && this.#mayWriteOver(buffer, sources.get(own) ?? [])) {
      this.#addresses.set(buffer, own.address);
      return () => own;
    }
    // Taken over once nothing can fail any more.
    const address = this.#borrow(bytes);
    if (written === undefined) this.#addresses.set(buffer, address);
    return () => {
      if (written !== undefined) heap.all("bool").copyWithin(address, written, written + bytes);
      this.#keep(address);
      if (own === null) return new EngineStorage(heap, dtype, size, address);
      own.moveTo(address);
      return own;
    };
  }

  /** Whether an output may be written at once to a place that these inputs are in. */
  #mayWriteOver(output: number, inputs: readonly number[]): boolean {
    const { safeOutputs, inPlace } = this.#known;
    if (this.#check !== undefined) return false;
    return safeOutputs.has(output) && inputs.every((input) => inPlace.get(output)?.has(input) === true);
  }

  /** Room that is given back when the run is over, unless it is kept. */
  #borrow(bytes: number): number {
    const address = this.#heap.allocate(bytes) ?? outOfMemory(this.#heap, this.#known.program, bytes);
    this.#temporary.push({ address, bytes });
    return address;
  }

  #keep(address: number): void {
    const place = this.#temporary.findIndex((room) => room.address === address);
    this.#temporary.splice(place, 1);
  }

  #clear(): void {
    for (const { address, bytes } of this.#temporary.splice(0)) this.#heap.free(address, bytes);
  }
}
