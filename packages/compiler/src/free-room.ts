/** A range of free memory, in bytes. */
interface Gap {
  readonly start: number;
  readonly end: number;
}

/** A first-fit allocator over memory that grows as needed. */
export class FreeRoom {
  /** The free ranges below `#end`. */
  readonly #gaps = new Gaps();
  readonly #byStart = new Map<number, Gap>();
  readonly #byEnd = new Map<number, Gap>();
  #end = 0;
  #most = 0;

  /** The largest size that the memory has had. */
  get most(): number {
    return this.#most;
  }

  /** Allocates at the lowest address with enough room; returns the address. */
  take(bytes: number): number {
    const gap = this.#gaps.first(bytes);
    if (gap !== undefined) {
      this.#remove(gap);
      if (gap.start + bytes < gap.end) this.#add({ start: gap.start + bytes, end: gap.end });
      return gap.start;
    }
    const start = this.#end;
    this.#end += bytes;
    this.#most = Math.max(this.#most, this.#end);
    return start;
  }

  /** Frees a range, and joins it with free neighbours. */
  giveBack(address: number, bytes: number): void {
    const before = this.#byEnd.get(address);
    const after = this.#byStart.get(address + bytes);
    for (const gap of [before, after]) if (gap !== undefined) this.#remove(gap);
    const [start, end] = [before?.start ?? address, after?.end ?? address + bytes];
    if (end === this.#end) this.#end = start;
    else this.#add({ start, end });
  }

  #add(gap: Gap): void {
    this.#gaps.add(gap);
    this.#byStart.set(gap.start, gap);
    this.#byEnd.set(gap.end, gap);
  }

  #remove(gap: Gap): void {
    this.#gaps.remove(gap);
    this.#byStart.delete(gap.start);
    this.#byEnd.delete(gap.end);
  }
}

/** Neighbouring gaps in ascending order, and the length of the longest. */
interface Shelf {
  gaps: Gap[];
  longest: number;
}

/** A shelf with more gaps is split in two, so that both the number of shelves and the number of gaps on each stay small. */
const shelfBound = 64;

/** Gaps ordered by address and grouped on shelves. A search skips every shelf whose longest gap is too short. */
class Gaps {
  readonly #shelves: Shelf[] = [];

  /** The lowest gap of at least `bytes` bytes. */
  first(bytes: number): Gap | undefined {
    const shelf = this.#shelves.find(({ longest }) => longest >= bytes);
    return shelf?.gaps.find(({ start, end }) => end - start >= bytes);
  }

  add(gap: Gap): void {
    const length = gap.end - gap.start;
    if (this.#shelves.length === 0) {
      this.#shelves.push({ gaps: [gap], longest: length });
      return;
    }
    const index = Math.max(0, this.#shelfBefore(gap.start));
    const shelf = this.#shelves[index];
    const { gaps } = shelf;
    gaps.splice(gaps.findLastIndex(({ start }) => start < gap.start) + 1, 0, gap);
    shelf.longest = Math.max(shelf.longest, length);
    if (gaps.length > shelfBound) {
      const upper = gaps.splice(shelfBound / 2);
      shelf.longest = longestOf(gaps);
      this.#shelves.splice(index + 1, 0, { gaps: upper, longest: longestOf(upper) });
    }
  }

  /** Removes a gap, which must be present. */
  remove(gap: Gap): void {
    const index = this.#shelfBefore(gap.end);
    const shelf = this.#shelves[index];
    shelf.gaps = shelf.gaps.filter((other) => other !== gap);
    shelf.longest = longestOf(shelf.gaps);
    if (shelf.gaps.length === 0) this.#shelves.splice(index, 1);
  }

  /** The index of the last shelf that begins below an address; −1 if there is none. */
  #shelfBefore(address: number): number {
    return this.#shelves.findLastIndex(({ gaps: [lowest] }) => lowest.start < address);
  }
}

function longestOf(gaps: readonly Gap[]): number {
  return gaps.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
}
