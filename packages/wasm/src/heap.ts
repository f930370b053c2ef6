import { allocatedBytes, roundUp } from "@stargrad/compiler";
import { ArgumentError, type DType, type TypedArray } from "@stargrad/graph";
import { FreeSpaces } from "./free-spaces.js";
import { wasmTarget } from "./target.js";

export const pageBytes = 65536;
/** The maximum number of pages of a memory with 32-bit addresses: 4 GiB. */
export const mostPages = 65536;
/** Allocations are whole cache lines, so that threads never write to the same line. */
const { memory: memoryRules } = wasmTarget;

/**
 * Allocates ranges of a WebAssembly memory, which grows by doubling. Addresses are numbers from 0 to 4 GiB. They are never negative
 * here, although WebAssembly interprets addresses beyond 2 GiB as negative 32-bit numbers.
 *
 * Freed ranges are first kept in bins by size, because a training loop requests the same sizes repeatedly. Only a request for a
 * size whose bin is empty merges neighbours, and only a request that fits nowhere makes the memory grow. Each freed range is
 * merged at most once, in O(log n), so the amortized cost of a call is O(log n).
 */
export class Heap {
  /** `null` after it has been disposed of. */
  #memory: WebAssembly.Memory | null;
  /** The bins: addresses of freed ranges, by size. */
  readonly #bins = new Map<number, number[]>();
  /** The other free ranges before `#end`. */
  #spaces = new FreeSpaces();
  /** Nothing is allocated from this address on. */
  #end: number;
  #used = 0;
  /** The views created last. Their buffer is outdated if the memory has grown since. */
  #views: Views | null = null;

  /** `start`: the heap does not use memory before this address. */
  constructor(memory: WebAssembly.Memory, start: number) {
    this.#memory = memory;
    this.#end = roundUp(start, memoryRules.alignmentBytes);
  }

  /** Throws: ArgumentError if it has been disposed of */
  get memory(): WebAssembly.Memory {
    if (this.#memory !== null) return this.#memory;
    throw new ArgumentError(
      "WasmEngine",
      "the engine has been disposed of, and the contents of its memory are gone",
      "Select another engine with `setEngine(new WasmEngine())`, and read the values you still need before you dispose of an engine",
    );
  }

  /** The number of allocated bytes. */
  get used(): number {
    return this.#used;
  }

  /** The size of the memory in bytes. */
  get reserved(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  /** Allocates `bytes` bytes and at least 16 more, which vectors may access. Returns the address; `null` if no memory is left. */
  allocate(bytes: number): number | null {
    const room = roomFor(bytes);
    const address =
      this.#bins.get(room)?.pop() ?? this.#spaces.take(room) ?? this.#joinAndTake(room) ?? this.#extend(room);
    if (address !== null) this.#used += room;
    return address;
  }

  /** Frees memory that `allocate` returned for the same number of bytes. */
  free(address: number, bytes: number): void {
    // `dispose` has already released all memory.
    if (this.#memory === null) return;
    const room = roomFor(bytes);
    this.#used -= room;
    const bin = this.#bins.get(room);
    if (bin === undefined) this.#bins.set(room, [address]);
    else bin.push(address);
  }

  /** A view of a range of memory as an array. It is valid until the memory grows. */
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

  /** A view of all of the memory, valid until it grows. The element at address a has the index a divided by the element size. */
  all<D extends DType>(dtype: D): Views[D] {
    return this.#current()[dtype];
  }

  /** Releases the memory and all of its contents. */
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

  /** Merges the freed ranges of all bins into larger spaces, then allocates. A free space at the end becomes unallocated memory. */
  #joinAndTake(room: number): number | null {
    for (const [size, addresses] of this.#bins) {
      // Each range leaves its bin first: if `add` throws, the range leaks, but it is never allocated twice.
      for (let address = addresses.pop(); address !== undefined; address = addresses.pop())
        this.#spaces.add(address, address + size);
    }
    this.#bins.clear();
    this.#end = this.#spaces.takeEnd(this.#end);
    return this.#spaces.take(room);
  }

  /** Allocates from the unallocated end, and grows the memory if that is too small. */
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

  /** Grows the memory by a number of pages. Returns whether that succeeded. */
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

/** The number of bytes that `allocate` reserves for `bytes` bytes. */
export function roomFor(bytes: number): number {
  return allocatedBytes(bytes, memoryRules);
}
