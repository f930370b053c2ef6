import { bytesPerElement, FilledStorage, HostStorage, type Destination, type Storage } from "@stargrad/graph";
import type { CompiledProgram, OutsideBuffer } from "./compile.js";
import { EngineStorage } from "./engine-storage.js";
import { roomFor, type Heap } from "./heap.js";
import { outOfMemory } from "./out-of-memory.js";
import { headerBytes } from "./program-image.js";

type RunInputs = readonly [elements: readonly Storage[], destinations: readonly Destination[]];

/** One run of a program: the addresses of its inputs and outputs, and its temporary allocations. */
export class Run {
  readonly #heap: Heap;
  readonly #program: CompiledProgram;
  /** The addresses, in the order of their words in the image; 0 for a buffer without an address yet. */
  readonly #addresses: Uint32Array;
  /** The bytes of each temporary allocation, by address. */
  readonly #temporary = new Map<number, number>();
  readonly #destinations: readonly Destination[];
  /** The address of each output that replaces a storage's memory after the program has succeeded; 0 for the others. */
  readonly #takenOver: Uint32Array;
  /** Whether an output is written directly over an input. */
  #overwritesInputs = false;
  /** The next free address in the reserved range for copies from and to ordinary memory. */
  #next = 0;

  constructor(heap: Heap, program: CompiledProgram, [elements, destinations]: RunInputs) {
    this.#heap = heap;
    this.#program = program;
    this.#destinations = destinations;
    this.#addresses = new Uint32Array(program.outside);
    this.#takenOver = new Uint32Array(program.outputs.length);
    /** The indices of the inputs that read each storage in the engine's memory. */
    const sources = new Map<Storage, number[]>();
    try {
      const replaced = this.#replacedCopies(elements);
      this.#reserveForCopies(elements, replaced);
      for (let i = 0; i < elements.length; i++) {
        const buffer = program.inputs[i];
        const storage = elements[i];
        if (this.#isHere(storage)) {
          this.#addresses[wordOf(buffer)] = storage.address;
          const known = sources.get(storage);
          if (known === undefined) sources.set(storage, [i]);
          else known.push(i);
          continue;
        }
        const output = replaced.get(i);
        const bytes = bytesOf(buffer);
        const address = output === undefined ? this.#takeFromReserve(bytes) : this.#borrow(bytes);
        this.#copyIn(storage, buffer, address);
        this.#addresses[wordOf(buffer)] = address;
        if (output === undefined) continue;
        this.#addresses[wordOf(program.outputs[output])] = address;
        this.#takenOver[output] = address;
      }
      for (let i = 0; i < program.outputs.length; i++) this.#chooseAddress(program.outputs[i], i, sources);
    } catch (error) {
      this.#clear();
      throw error;
    }
  }

  /**
   * `execute` is given the address of each input and output, in the order of their words in the image, and whether the program can
   * run a second time if the first run did not end.
   */
  finish(execute: (addresses: Uint32Array, isRepeatable: boolean) => void): Storage[] {
    try {
      execute(this.#addresses, !this.#overwritesInputs);
      const { outputs } = this.#program;
      // All copies are made first, because an output may be copied from memory that another output then replaces.
      const hosts = outputs.map((buffer, i) =>
        this.#destinations[i] === "host" ? this.#copy(buffer) : null,
      );
      return outputs.map((buffer, i) => hosts[i] ?? this.#takeOver(buffer, i));
    } finally {
      this.#clear();
    }
  }

  /**
   * The outputs that replace the copy of an input, by input: an output that stays in the engine's memory, and an input in ordinary
   * memory that it may be written over. In a first step these are the parameters and the states of the optimizer.
   */
  #replacedCopies(elements: readonly Storage[]): ReadonlyMap<number, number> {
    const { inPlace } = this.#program;
    const replaced = new Map<number, number>();
    for (let output = 0; output < inPlace.length; output++) {
      const destination = this.#destinations[output];
      if (destination === "host" || this.#isHere(destination)) continue;
      for (const input of inPlace[output]) {
        if (this.#isHere(elements[input]) || replaced.has(input)) continue;
        replaced.set(input, output);
        break;
      }
    }
    return replaced;
  }

  /** Reserves one range for all other copies from and to ordinary memory. */
  #reserveForCopies(elements: readonly Storage[], replaced: ReadonlyMap<number, number>): void {
    const { inputs, outputs } = this.#program;
    let bytes = 0;
    for (let i = 0; i < inputs.length; i++) {
      if (!this.#isHere(elements[i]) && !replaced.has(i)) bytes += roomFor(bytesOf(inputs[i]));
    }
    for (let i = 0; i < outputs.length; i++) {
      if (this.#destinations[i] === "host") bytes += roomFor(bytesOf(outputs[i]));
    }
    if (bytes > 0) this.#next = this.#borrow(bytes);
  }

  #takeFromReserve(bytes: number): number {
    const address = this.#next;
    this.#next += roomFor(bytes);
    return address;
  }

  #isHere(storage: Storage | Destination): storage is EngineStorage {
    return storage instanceof EngineStorage && storage.heap === this.#heap;
  }

  /** Copies elements from ordinary memory. */
  #copyIn(storage: Storage, { dtype, size }: OutsideBuffer, address: number): void {
    const all = this.#heap.all(dtype);
    const index = address / bytesPerElement(dtype);
    if (storage instanceof FilledStorage) all.fill(storage.value, index, index + size);
    else all.set(storage.readSync(), index);
  }

  /** Chooses the address to which an output is written. */
  #chooseAddress(
    buffer: OutsideBuffer,
    output: number,
    sources: ReadonlyMap<Storage, readonly number[]>,
  ): void {
    const addresses = this.#addresses;
    const word = wordOf(buffer);
    const destination = this.#destinations[output];
    if (destination === "host") {
      if (addresses[word] === 0) addresses[word] = this.#takeFromReserve(bytesOf(buffer));
      return;
    }
    if (this.#takenOver[output] !== 0) return;
    const isFree = addresses[word] === 0;
    const overwritten = sources.get(destination as Storage) ?? [];
    if (isFree && this.#isHere(destination) && this.#mayWriteOver(output, overwritten)) {
      addresses[word] = destination.address;
      this.#overwritesInputs ||= overwritten.length > 0;
      return;
    }
    const address = this.#borrow(bytesOf(buffer));
    this.#takenOver[output] = address;
    if (isFree) addresses[word] = address;
  }

  /** Whether the program may write an output directly over the memory of these inputs. */
  #mayWriteOver(output: number, inputs: readonly number[]): boolean {
    const { safeOutputs, inPlace } = this.#program;
    return safeOutputs.has(output) && inputs.every((input) => inPlace[output].has(input));
  }

  /** Copies an output to ordinary memory. */
  #copy(buffer: OutsideBuffer): HostStorage {
    const { dtype, size } = buffer;
    return new HostStorage(this.#heap.view(dtype, this.#addresses[wordOf(buffer)], size).slice());
  }

  /** Returns the storage of an output that stays in the engine's memory. */
  #takeOver(buffer: OutsideBuffer, output: number): Storage {
    const destination = this.#destinations[output];
    const own = this.#isHere(destination) ? destination : null;
    const address = this.#takenOver[output];
    if (address === 0 && own !== null) return own;
    const written = this.#addresses[wordOf(buffer)];
    if (written !== address) this.#heap.all("bool").copyWithin(address, written, written + bytesOf(buffer));
    this.#keep(address);
    if (own === null) return new EngineStorage(this.#heap, buffer.dtype, buffer.size, address);
    own.moveTo(address);
    return own;
  }

  /** Allocates memory that is freed at the end of the run, unless `#keep` is called. */
  #borrow(bytes: number): number {
    const address = this.#heap.allocate(bytes) ?? outOfMemory(this.#heap, this.#program, bytes);
    this.#temporary.set(address, bytes);
    return address;
  }

  #keep(address: number): void {
    this.#temporary.delete(address);
  }

  #clear(): void {
    for (const [address, bytes] of this.#temporary) this.#heap.free(address, bytes);
    this.#temporary.clear();
  }
}

function bytesOf({ dtype, size }: OutsideBuffer): number {
  return size * bytesPerElement(dtype);
}

/** The index of a buffer's word among the words of inputs and outputs. */
function wordOf({ slot }: OutsideBuffer): number {
  return (slot - headerBytes) / 4;
}
