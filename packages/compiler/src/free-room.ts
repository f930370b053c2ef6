/** A stretch of memory that nobody needs, in bytes. */
interface Gap {
  readonly start: number;
  readonly end: number;
}

/** Memory that grows without bound, in which room is taken at the lowest address where there is enough, and given back. */
export class FreeRoom {
  /** What is free below `#end`, from one stretch in use to the next. */
  readonly #gaps = new Gaps();
  readonly #byStart = new Map<number, Gap>();
  readonly #byEnd = new Map<number, Gap>();
  #end = 0;
  #most = 0;

  /** How long the memory has to be. */
  get most(): number {
    return this.#most;
  }

  /** Returns the address. */
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

/** Gaps that are neighbours, the lowest first, and how long the longest of them is. */
interface Shelf {
  gaps: Gap[];
  longest: number;
}

/** A shelf with more is cut in two: then both the shelves of a program, and the gaps of a shelf, are few. */
const shelfBound = 64;

/** Gaps by address, on shelves: where none is long enough on a shelf, none of it is looked at. */
class Gaps {
  readonly #shelves: Shelf[] = [];

  /** The lowest gap that is so long, or longer. */
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
    const place = Math.max(0, this.#shelfBefore(gap.start));
    const shelf = this.#shelves[place];
    const { gaps } = shelf;
    gaps.splice(gaps.findLastIndex(({ start }) => start < gap.start) + 1, 0, gap);
    shelf.longest = Math.max(shelf.longest, length);
    if (gaps.length > shelfBound) {
      const upper = gaps.splice(shelfBound / 2);
      shelf.longest = longestOf(gaps);
      this.#shelves.splice(place + 1, 0, { gaps: upper, longest: longestOf(upper) });
    }
  }

  /** Takes out a gap that is there. */
  remove(gap: Gap): void {
    const place = this.#shelfBefore(gap.end);
    const shelf = this.#shelves[place];
    shelf.gaps = shelf.gaps.filter((other) => other !== gap);
    shelf.longest = longestOf(shelf.gaps);
    if (shelf.gaps.length === 0) this.#shelves.splice(place, 1);
  }

  /** The last shelf that begins below an address; −1 if there is none. */
  #shelfBefore(address: number): number {
    return this.#shelves.findLastIndex(({ gaps: [lowest] }) => lowest.start < address);
  }
}

function longestOf(gaps: readonly Gap[]): number {
  return gaps.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
}
