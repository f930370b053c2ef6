import { bytesPerElement, sameShape, sizeOf } from "@stargrad/graph";
import { buffersOf, type BufferSpec, type Kernel, type LoopKernel, type Program } from "./kernel.js";
import { changeLayouts } from "./rewrite.js";
import { accessesOf, blockSize, cutIntoBlocks, rowsOf, withoutBlocks, type Accesses } from "./row-blocks.js";

/** A block, with all that is read and written for it, should stay in the nearest cache. */
const blockBytes = 32 * 1024;
/** Larger blocks would not stay near at all. */
const mostBlockBytes = 512 * 1024;
/** Loops over less than this stay near anyway. */
const leastBytes = 128 * 1024;
/** A kernel is moved past so many others at most, to loops that it shares rows with. */
const reach = 12;
/** So many numbers of blocks are tried. */
const attempts = 8;

/** Loops that can be cut into the same blocks: into `rows` of them, and so into any number that divides that. */
interface Group {
  readonly kind: "group";
  readonly loops: readonly LoopKernel[];
  readonly rows: number;
  /** What each loop touches when it is cut into so many blocks. */
  readonly accesses: readonly Accesses[];
  readonly touched: ReadonlySet<number>;
  readonly bytes: number;
}

/**
 * Joins loops that work on the same rows into one loop over blocks of rows: softmax's maximum, powers, sums and quotients pass
 * over memory once, and not five times.
 *
 * A loop can be cut into blocks if its leading axes are kept and every operand moves by one stride from block to block.
 * Loops share blocks if what one of them writes and another one touches is, block for block, the same part of a buffer.
 */
export function groupRows(program: Program): Program {
  const isLarge = (kernel: Kernel): boolean =>
    kernel.kind === "reduce" && sizeOf(kernel.shape) * bytesPerElement(kernel.expression.dtype) >= leastBytes;
  if (!program.kernels.some(isLarge)) return program;
  return new Grouping(program).finish();
}

class Grouping {
  readonly #program: Program;
  readonly #items: (Kernel | Group)[] = [];
  /** How many kernels touch each buffer; one more for what is needed outside. */
  readonly #uses: number[];

  constructor(program: Program) {
    this.#program = program;
    this.#uses = program.buffers.map(() => 0);
    for (const kernel of program.kernels) for (const buffer of buffersTouched(kernel)) this.#uses[buffer]++;
    for (const buffer of [...program.inputs, ...program.outputs]) this.#uses[buffer]++;
    for (const kernel of program.kernels) {
      const group = kernel.kind === "map" || kernel.kind === "reduce" ? this.#groupOf(kernel) : null;
      if (group === null) this.#items.push(kernel);
      else if (!this.#join(group)) this.#items.push(group);
    }
  }

  finish(): Program {
    const buffers = [...this.#program.buffers];
    const kernels = this.#items.flatMap((item) =>
      item.kind === "group" ? this.#kernelsOf(item, buffers) : [item],
    );
    return { ...this.#program, buffers, kernels };
  }

  #groupOf(loop: LoopKernel): Group | null {
    const rows = rowsOf(loop);
    if (rows === 1) return null;
    const touched = buffersTouched(loop);
    return { kind: "group", loops: [loop], rows, accesses: [], touched, bytes: this.#bytesOf(touched) };
  }

  #bytesOf(buffers: ReadonlySet<number>): number {
    let bytes = 0;
    for (const buffer of buffers) {
      const { size, dtype } = this.#program.buffers[buffer];
      bytes += size * bytesPerElement(dtype);
    }
    return bytes;
  }

  /** Adds a loop, a group by itself, to a group before it, if there is one that it may be moved to. */
  #join(loop: Group): boolean {
    const items = this.#items;
    for (let i = items.length - 1; i >= Math.max(0, items.length - reach); i--) {
      const item = items[i];
      const joined = item.kind === "group" ? this.#together(item, loop) : null;
      if (joined !== null) {
        items[i] = joined;
        return true;
      }
      const others = item.kind === "group" ? item.loops : [item];
      if (others.some((other) => areDependent(other, loop.loops[0]))) return false;
    }
    return false;
  }

  /** A group with one more loop; `null` if that has nothing to do with it, or they share no blocks. */
  #together(group: Group, { loops: [loop], rows, touched: added }: Group): Group | null {
    const related =
      group.loops.some(({ shape }) => sameShape(shape, loop.shape)) ||
      [...added].some((buffer) => group.touched.has(buffer) && this.#program.buffers[buffer].size > 1);
    if (!related) return null;
    const touched = new Set([...group.touched, ...added]);
    const bytes = this.#bytesOf(touched);
    const loops = [...group.loops, loop];
    const least = Math.max(2, Math.ceil(bytes / mostBlockBytes));
    for (const count of divisorsOf(greatestCommonDivisor(group.rows, rows)).slice(0, attempts)) {
      if (count < least) return null;
      const known = count === group.rows ? group.accesses : [];
      const accesses = accessesInBlocks(loops, count, known);
      if (accesses !== null && shareBlocks(accesses)) {
        return { kind: "group", loops, rows: count, accesses, touched, bytes };
      }
    }
    return null;
  }

  /** What a group becomes: one kernel, if that is worth it. Buffers that are needed only inside are cut down to a block. */
  #kernelsOf({ loops, rows, bytes }: Group, buffers: BufferSpec[]): Kernel[] {
    const blocks = divisorsOf(rows).findLast((count) => bytes / count <= blockBytes) ?? rows;
    const combines = loops.some(({ kind }) => kind === "reduce");
    if (loops.length === 1 || !combines || bytes < leastBytes || blocks === 1) return [...loops];
    const cut = loops.map((loop) => cutIntoBlocks(loop, blocks) ?? loop);
    const uses = new Map<number, number>();
    for (const loop of loops) {
      for (const buffer of buffersTouched(loop)) uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
    }
    const locals = new Set<number>();
    for (const { buffer, layout } of cut.flatMap((loop) => accessesOf(loop).writes)) {
      if (uses.get(buffer) !== this.#uses[buffer]) continue;
      locals.add(buffer);
      buffers[buffer] = { ...buffers[buffer], size: blockSize(layout) ?? buffers[buffer].size };
    }
    const inBlock = cut.map(
      (loop) =>
        changeLayouts(loop, (layout, buffer) =>
          buffer !== null && locals.has(buffer) ? withoutBlocks(layout) : layout,
        ) ?? loop,
    );
    return [{ kind: "rows", blocks, loops: inBlock, locals: [...locals] }];
  }
}

function buffersTouched(kernel: Kernel): Set<number> {
  const { reads, writes } = buffersOf(kernel);
  return new Set([...reads, ...writes]);
}

function areDependent(first: Kernel, second: Kernel): boolean {
  const [a, b] = [buffersOf(first), buffersOf(second)];
  const meet = (some: readonly number[], others: readonly number[]): boolean =>
    some.some((buffer) => others.includes(buffer));
  return meet(a.writes, b.reads) || meet(a.writes, b.writes) || meet(a.reads, b.writes);
}

/** What loops touch when they are cut into blocks; `null` if one cannot be. The first ones may be known. */
function accessesInBlocks(
  loops: readonly LoopKernel[],
  blocks: number,
  known: readonly Accesses[],
): Accesses[] | null {
  const accesses = [...known];
  for (const loop of loops.slice(known.length)) {
    const cut = cutIntoBlocks(loop, blocks);
    if (cut === null) return null;
    accesses.push(accessesOf(cut));
  }
  return accesses;
}

function shareBlocks(accesses: readonly Accesses[]): boolean {
  const written = new Map<number, number | null>();
  for (const { writes } of accesses) {
    for (const { buffer, layout } of writes) written.set(buffer, blockSize(layout));
  }
  return accesses.every(({ reads, writes }) =>
    [...reads, ...writes].every(({ buffer, layout }) => {
      const size = written.get(buffer);
      return size === undefined || (size !== null && blockSize(layout) === size);
    }),
  );
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The numbers that divide n, the largest first. */
function divisorsOf(n: number): number[] {
  const small: number[] = [];
  for (let i = 1; i * i <= n; i++) if (n % i === 0) small.push(i);
  const large = small.map((i) => n / i).filter((i) => i * i > n);
  return [...large, ...small.reverse()];
}
