import {
  bytesPerElement,
  HostStorage,
  type Destination,
  type PreparedProgram,
  type Storage,
} from "@stargrad/graph";
import type { CompiledProgram, OutsideBuffer } from "./compile.js";
import { EngineStorage } from "./engine-storage.js";
import type { Heap } from "./heap.js";
import { outOfMemory } from "./out-of-memory.js";

type RunInputs = Parameters<PreparedProgram["run"]>;

/** One run of a program: where its inputs are, where its outputs go, and what is temporary. */
export class Run {
  readonly #heap: Heap;
  readonly #program: CompiledProgram;
  /** By the word that tells the program. */
  readonly #addresses = new Map<number, number>();
  readonly #temporary: { readonly address: number; readonly bytes: number }[] = [];
  /** What hands out an output: those that are copied to ordinary memory, and the others. */
  readonly #takeHost: ((() => Storage) | null)[] = [];
  readonly #takeOther: ((() => Storage) | null)[] = [];
  readonly #check: RunInputs[2];

  constructor(heap: Heap, program: CompiledProgram, [elements, destinations, check]: RunInputs) {
    this.#heap = heap;
    this.#program = program;
    this.#check = check;
    const sources = new Map<Storage, number[]>();
    try {
      program.inputs.forEach((buffer, i) => {
        const known = sources.get(elements[i]);
        if (known === undefined) sources.set(elements[i], [i]);
        else known.push(i);
        this.#addresses.set(buffer.slot, this.#place(elements[i], buffer));
      });
      program.outputs.forEach((buffer, i) => {
        const take = this.#resultIn(buffer, i, destinations[i], sources);
        const isHost = destinations[i] === "host";
        this.#takeHost.push(isHost ? take : null);
        this.#takeOther.push(isHost ? null : take);
      });
    } catch (error) {
      this.#clear();
      throw error;
    }
  }

  finish(execute: (addresses: ReadonlyMap<number, number>) => void): Storage[] {
    try {
      execute(this.#addresses);
      const hosts = this.#takeHost.map((take) => take?.() ?? null);
      this.#check?.(hosts.filter((host) => host !== null));
      const others = this.#takeOther.map((take) => take?.() ?? null);
      return hosts.flatMap((host, i) => host ?? others[i] ?? []);
    } finally {
      this.#clear();
    }
  }

  /** The address of a leaf's elements, which are copied into the engine unless they are there. */
  #place(storage: Storage, { dtype, size }: OutsideBuffer): number {
    const heap = this.#heap;
    if (storage instanceof EngineStorage && storage.heap === heap) return storage.address;
    const address = this.#borrow(size * bytesPerElement(dtype));
    const data = storage.readSync();
    heap.all(dtype).set(data, address / bytesPerElement(dtype));
    return address;
  }

  /** Decides where an output is written, and how it is handed out afterwards. */
  #resultIn(
    { dtype, size, slot }: OutsideBuffer,
    output: number,
    destination: Destination,
    sources: ReadonlyMap<Storage, readonly number[]>,
  ): () => Storage {
    const heap = this.#heap;
    const bytes = size * bytesPerElement(dtype);
    const written = this.#addresses.get(slot);
    const own = destination instanceof EngineStorage && destination.heap === heap ? destination : null;

    if (destination === "host") {
      const address = written ?? this.#borrow(bytes);
      this.#addresses.set(slot, address);
      return () => new HostStorage(heap.view(dtype, address, size).slice());
    }
    if (own !== null && written === undefined && this.#mayWriteOver(output, sources.get(own) ?? [])) {
      this.#addresses.set(slot, own.address);
      return () => own;
    }
    // Taken over once nothing can fail any more.
    const address = this.#borrow(bytes);
    if (written === undefined) this.#addresses.set(slot, address);
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
    const { safeOutputs, inPlace } = this.#program;
    if (this.#check !== undefined) return false;
    return safeOutputs.has(output) && inputs.every((input) => inPlace[output].has(input));
  }

  /** Room that is given back when the run is over, unless it is kept. */
  #borrow(bytes: number): number {
    const address = this.#heap.allocate(bytes) ?? outOfMemory(this.#heap, this.#program, bytes);
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
