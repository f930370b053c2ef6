import { ArgumentError, type DType, type TypedArray } from "@stargrad/graph";
import { FreeSpaces } from "./free-spaces.js";

export const pageBytes = 65536;
/** What a memory with addresses of 32 bits can have: 4 GiB. */
export const mostPages = 65536;
/** A cache line, which also keeps threads from writing to one line. */
const alignment = 64;
/** How many bytes behind what was asked for vectors may touch. */
const spare = 16;

/**
 * Hands out stretches of a WebAssembly memory, which grows by doubling. Addresses are numbers from 0 to 4 GiB: what
 * WebAssembly takes for a negative number of 32 bits is none here.
 *
 * What is given back is kept by its size first, because a training loop asks for the same sizes again and again. Only what is
 * asked for in a size that is not there joins neighbours, and only what fits nowhere makes the memory grow. Each stretch
 * that is given back is joined at most once, in O(log n): so that is what all of it costs, spread over all calls.
 */
export class Heap {
  /** `null` once it has been disposed of. */
  #memory: WebAssembly.Memory | null;
  /** Addresses that have been given back, by the size of what is there. */
  readonly #bins = new Map<number, number[]>();
  /** The other free stretches before `#end`. */
  #spaces = new FreeSpaces();
  /** Nothing has been handed out from here on. */
  #end: number;
  #used = 0;
  /** Those that were asked for last, of a buffer that may have been grown since. */
  #views: Views | null = null;

  /** `start`: what lies before is not the heap's. */
  constructor(memory: WebAssembly.Memory, start: number) {
    this.#memory = memory;
    this.#end = wholeLines(start);
  }

  /** Throws: ArgumentError if it has been disposed of */
  get memory(): WebAssembly.Memory {
    if (this.#memory !== null) return this.#memory;
    throw new ArgumentError(
      "WasmEngine",
      "the engine has been disposed of, and what was in its memory is gone",
      "Choose another with `setEngine(new WasmEngine())`, and read what is still needed before an engine is disposed of",
    );
  }

  /** How many bytes are handed out. */
  get used(): number {
    return this.#used;
  }

  /** How many bytes the memory has. */
  get reserved(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  /** The address of so many bytes and at least 16 more, which vectors may touch; `null` if there is no more memory. */
  allocate(bytes: number): number | null {
    const room = roomFor(bytes);
    const address =
      this.#bins.get(room)?.pop() ?? this.#spaces.take(room) ?? this.#joinAndTake(room) ?? this.#extend(room);
    if (address !== null) this.#used += room;
    return address;
  }

  /** Takes back what `allocate` gave for so many bytes. */
  free(address: number, bytes: number): void {
    // All of it has been given back.
    if (this.#memory === null) return;
    const room = roomFor(bytes);
    this.#used -= room;
    const bin = this.#bins.get(room);
    if (bin === undefined) this.#bins.set(room, [address]);
    else bin.push(address);
  }

  /** Shows a stretch of memory as an array, until the memory grows. */
  view(dtype: DType, address: number, size: number): TypedArray {
    const { buffer } = this.#current();
    switch (dtype) {
      case "bool":
        return new Uint8Array(buffer, address, size);
      case "int32":
        return new Int32Array(buffer, address, size);
      case "float32":
        return new Float32Array(buffer, address, size);
      case "float64":
        return new Float64Array(buffer, address, size);
    }
  }

  /** All of the memory, until it grows: an element at address a is number a divided by its size. */
  all<D extends DType>(dtype: D): Views[D] {
    return this.#current()[dtype];
  }

  /** Lets go of the memory, and of all that is in it. */
  dispose(): void {
    this.#memory = null;
    this.#views = null;
    this.#bins.clear();
    this.#spaces = new FreeSpaces();
    this.#used = 0;
  }

  #current(): Views {
    const { buffer } = this.memory;
    return this.#views?.buffer === buffer ? this.#views : (this.#views = viewsOf(buffer));
  }

  /** Makes larger spaces of neighbouring ones first, and takes the last of them away if nothing lies behind it. */
  #joinAndTake(room: number): number | null {
    for (const [size, addresses] of this.#bins) {
      // Each leaves its bin first: if the rest throws, it is lost, where otherwise two could get it.
      for (let address = addresses.pop(); address !== undefined; address = addresses.pop())
        this.#spaces.add(address, address + size);
    }
    this.#bins.clear();
    this.#end = this.#spaces.takeEnd(this.#end);
    return this.#spaces.take(room);
  }

  /** Takes what is beyond all that has been handed out, and grows the memory if that is not enough. */
  #extend(room: number): number | null {
    const address = this.#end;
    const needed = Math.ceil((address + room) / pageBytes);
    const pages = this.memory.buffer.byteLength / pageBytes;
    if (needed > mostPages) return null;
    const doubled = Math.min(Math.max(needed, 2 * pages), mostPages);
    if (needed > pages && !this.#grow(doubled - pages) && !this.#grow(needed - pages)) return null;
    this.#end += room;
    return address;
  }

  /** Whether there was so much more memory to be had. */
  #grow(pages: number): boolean {
    try {
      this.memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }
}

interface Views {
  readonly buffer: ArrayBufferLike;
  readonly bool: Uint8Array;
  readonly int32: Int32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
}

function viewsOf(buffer: ArrayBufferLike): Views {
  return {
    buffer,
    bool: new Uint8Array(buffer),
    int32: new Int32Array(buffer),
    float32: new Float32Array(buffer),
    float64: new Float64Array(buffer),
  };
}

/** How much memory is handed out to whoever asks for so many bytes. */
export function roomFor(bytes: number): number {
  return wholeLines(bytes + spare);
}

function wholeLines(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
