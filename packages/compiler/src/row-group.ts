import { buffersOf, subexpressionsOf, type LoopKernel } from "./kernel.js";
import { accessesOf, blockSize, cutIntoBlocks, rowsOf, type Access, type Accesses } from "./row-blocks.js";
import type { Target } from "./target.js";

/** A loop that may share row blocks with others. */
export class RowLoop {
  readonly loop: LoopKernel;
  /** The largest number of blocks it can be divided into. */
  readonly rows: number;
  readonly parts: number;
  readonly reads: ReadonlySet<number>;
  readonly writes: ReadonlySet<number>;
  readonly touched: ReadonlySet<number>;
  readonly #accesses = new Map<number, Accesses | null>();

  constructor(loop: LoopKernel) {
    const { reads, writes } = buffersOf(loop);
    this.loop = loop;
    this.rows = rowsOf(loop);
    this.parts = subexpressionsOf(expressionsOf(loop)).length;
    this.reads = new Set(reads);
    this.writes = new Set(writes);
    this.touched = new Set([...reads, ...writes]);
  }

  /** Its accesses when it is divided into this number of blocks; `null` if it cannot be. */
  accessesIn(blocks: number): Accesses | null {
    const known = this.#accesses.get(blocks);
    if (known !== undefined) return known;
    const cut = cutIntoBlocks(this.loop, blocks);
    const accesses = cut && accessesOf(cut);
    this.#accesses.set(blocks, accesses);
    return accesses;
  }
}

/** The properties of the program that a group needs. */
interface Outside {
  readonly bytesOf: (buffer: number) => number;
  /** The number of kernels that touch a buffer, plus one if it is an input or output of the program. */
  readonly usesOf: (buffer: number) => number;
}

/** Loops that can be divided into the same blocks: into `rows` blocks, and so into any divisor of `rows`. */
export class RowGroup {
  readonly #loops: RowLoop[] = [];
  /** By buffer: the number of loops in this group that touch it. */
  readonly #touched = new Map<number, number>();
  readonly #reads = new Set<number>();
  readonly #writes = new Set<number>();
  /** By the number of blocks. */
  readonly #blocks = new Map<number, SharedBlocks>();
  readonly #target: Target;
  readonly #outside: Outside;
  #rows: number;
  #bytes = 0;
  #parts = 0;

  constructor(first: RowLoop, target: Target, outside: Outside) {
    this.#target = target;
    this.#outside = outside;
    this.#rows = first.rows;
    this.add(first, first.rows);
  }

  get loops(): readonly LoopKernel[] {
    return this.#loops.map(({ loop }) => loop);
  }

  get rows(): number {
    return this.#rows;
  }

  /** The total size of all buffers that the group touches. */
  get bytes(): number {
    return this.#bytes;
  }

  add(loop: RowLoop, rows: number): void {
    this.#loops.push(loop);
    this.#rows = rows;
    this.#bytes = this.bytesWith(loop);
    this.#parts += loop.parts;
    for (const buffer of loop.touched) this.#touched.set(buffer, (this.#touched.get(buffer) ?? 0) + 1);
    for (const buffer of loop.reads) this.#reads.add(buffer);
    for (const buffer of loop.writes) this.#writes.add(buffer);
  }

  /** The total size of all buffers that the group would touch with one more loop. */
  bytesWith({ touched }: RowLoop): number {
    let bytes = this.#bytes;
    for (const buffer of touched) if (!this.#touched.has(buffer)) bytes += this.#outside.bytesOf(buffer);
    return bytes;
  }

  /** Whether the group with this loop fits one kernel. A kernel becomes one function, which has to stay small. */
  hasRoomFor(loop: RowLoop): boolean {
    const { rowBlocks, kernel } = this.#target;
    if (this.#loops.length >= rowBlocks.loops || this.#parts + loop.parts > rowBlocks.parts) return false;
    const most = this.#touched.size + loop.touched.size;
    return most <= kernel.buffers || this.#buffersWith(loop) <= kernel.buffers;
  }

  /** The number of buffers that the group would touch with one more loop and that other kernels touch too. */
  #buffersWith({ touched }: RowLoop): number {
    let count = 0;
    for (const buffer of new Set([...this.#touched.keys(), ...touched])) {
      const uses = (this.#touched.get(buffer) ?? 0) + Number(touched.has(buffer));
      if (uses < this.#outside.usesOf(buffer)) count++;
    }
    return count;
  }

  /** Whether a loop touches a buffer of these loops for which `counts` returns true. */
  isRelatedTo({ touched }: RowLoop, counts: (buffer: number) => boolean): boolean {
    for (const buffer of touched) if (this.#touched.has(buffer) && counts(buffer)) return true;
    return false;
  }

  /** Whether dependencies prevent moving a loop before this group. */
  holdsBack(loop: RowLoop): boolean {
    return areDependent(this.#reads, this.#writes, loop);
  }

  /** Whether the blocks of all loops, and of one more, are independent of each other if there are `count` of them. */
  sharesBlocksWith(loop: RowLoop, count: number): boolean {
    let blocks = this.#blocks.get(count);
    if (blocks === undefined) {
      blocks = new SharedBlocks(count);
      this.#blocks.set(count, blocks);
    }
    return blocks.takeIn(this.#loops) && blocks.accepts(loop);
  }
}

/** Whether a loop depends on earlier reads and writes, so that it must not be moved before them. */
export function areDependent(
  reads: Iterable<number>,
  writes: Iterable<number>,
  loop: Pick<RowLoop, "touched" | "writes">,
): boolean {
  for (const buffer of writes) if (loop.touched.has(buffer)) return true;
  for (const buffer of reads) if (loop.writes.has(buffer)) return true;
  return false;
}

/**
 * The accesses of loops that are divided into a given number of blocks. They can share the blocks if every buffer that one of them
 * writes and another touches is divided into the same blocks. Each loop is examined once.
 */
class SharedBlocks {
  readonly #count: number;
  /** By buffer: the distance between blocks; `null` if the accesses differ in it or the blocks are not separate. */
  readonly #sizes = new Map<number, number | null>();
  readonly #written = new Set<number>();
  #taken = 0;
  #isPossible = true;

  constructor(count: number) {
    this.#count = count;
  }

  /** Adds the loops of a growing list that are new; returns whether all loops share blocks. */
  takeIn(loops: readonly RowLoop[]): boolean {
    for (; this.#isPossible && this.#taken < loops.length; this.#taken++) {
      const loop = loops[this.#taken];
      this.#isPossible = this.accepts(loop);
      const { reads, writes } = loop.accessesIn(this.#count) ?? { reads: [], writes: [] };
      for (const { buffer } of writes) this.#written.add(buffer);
      for (const access of [...reads, ...writes]) this.#sizes.set(access.buffer, this.#with(access));
    }
    return this.#isPossible;
  }

  accepts(loop: RowLoop): boolean {
    const accesses = loop.accessesIn(this.#count);
    if (accesses === null) return false;
    const { reads, writes } = accesses;
    const sizes = new Map<number, number | null>();
    for (const access of [...reads, ...writes]) {
      const { buffer } = access;
      const size = this.#with(access);
      sizes.set(buffer, sizes.has(buffer) && sizes.get(buffer) !== size ? null : size);
    }
    const isWritten = (buffer: number): boolean =>
      this.#written.has(buffer) || writes.some((write) => write.buffer === buffer);
    return [...sizes].every(([buffer, size]) => size !== null || !isWritten(buffer));
  }

  #with({ buffer, layout }: Access): number | null {
    const size = blockSize(layout);
    const known = this.#sizes.get(buffer);
    return known === undefined || known === size ? size : null;
  }
}

function expressionsOf(loop: LoopKernel) {
  return loop.kind === "map" ? loop.results.map(({ expression }) => expression) : [loop.expression];
}
