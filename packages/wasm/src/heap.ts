import type { DType, TypedArray } from "@stargrad/graph";

export const pageBytes = 65536;
/** What a memory with addresses of 32 bits can have: 4 GiB. */
export const mostPages = 65536;
/** A cache line, which also keeps threads from writing to one line. */
const alignment = 64;

interface Space {
  readonly start: number;
  readonly end: number;
}

/** Hands out stretches of a WebAssembly memory, which grows by doubling. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Stretches that have been given back, by their size: a training loop asks for the same sizes again and again. */
  readonly #bins = new Map<number, number[]>();
  /** Free stretches in order, none of them neighbours. */
  #spaces: Space[] = [];
  #end: number;
  #used = 0;
  #views: Views;

  /** `start`: what lies before is not the heap's. */
  constructor(memory: WebAssembly.Memory, start: number) {
    this.memory = memory;
    this.#end = roomFor(start);
    this.#views = viewsOf(memory.buffer);
  }

  /** How many bytes are handed out. */
  get used(): number {
    return this.#used;
  }

  /** The address of so many bytes and at least 16 more, which vectors may touch; `null` if there is no more memory. */
  allocate(bytes: number): number | null {
    const room = roomFor(bytes + 16);
    const address =
      this.#bins.get(room)?.pop() ?? this.#cut(room) ?? this.#joinAndCut(room) ?? this.#extend(room);
    if (address !== null) this.#used += room;
    return address;
  }

  /** Takes back what `allocate` gave for so many bytes. */
  free(address: number, bytes: number): void {
    const room = roomFor(bytes + 16);
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

  #current(): Views {
    if (this.#views.buffer !== this.memory.buffer) this.#views = viewsOf(this.memory.buffer);
    return this.#views;
  }

  /** The first free space that is large enough. */
  #cut(room: number): number | null {
    const place = this.#spaces.findIndex(({ start, end }) => end - start >= room);
    if (place < 0) return null;
    const { start, end } = this.#spaces[place];
    this.#spaces.splice(place, 1, ...(end - start > room ? [{ start: start + room, end }] : []));
    return start;
  }

  /** Makes larger spaces of neighbouring ones first. */
  #joinAndCut(room: number): number | null {
    for (const [size, starts] of this.#bins)
      this.#spaces.push(...starts.map((start) => ({ start, end: start + size })));
    this.#bins.clear();
    const joined: Space[] = [];
    for (const { start, end } of this.#spaces.sort((a, b) => a.start - b.start)) {
      const last = joined.at(-1);
      if (last?.end === start) joined[joined.length - 1] = { start: last.start, end };
      else joined.push({ start, end });
    }
    if (joined.at(-1)?.end === this.#end) this.#end = joined.pop()?.start ?? this.#end;
    this.#spaces = joined;
    return this.#cut(room);
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

function roomFor(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
