import { sizeOf } from "@stargrad/graph";
import { divisorsOf, greatestCommonDivisor } from "./divisors.js";
import { buffersOf, type BufferSpec, type Kernel, type Program } from "./kernel.js";
import { changeLayouts } from "./rewrite.js";
import { accessesOf, blockSize, cutIntoBlocks, withoutBlocks } from "./row-blocks.js";
import { areDependent, RowGroup, RowLoop } from "./row-group.js";
import type { Target } from "./target.js";

// These limits bound compile time and do not depend on the target.
/** The largest number of kernels that a loop is moved past to join loops over the same rows. */
const reach = 12;
/** The largest number of block counts to try. */
const attempts = 8;

/**
 * Joins loops over the same rows into one loop over blocks of rows. For example, the maximum, exponentials, sums and quotients of
 * softmax then traverse memory once instead of five times.
 *
 * A loop can be divided into blocks if its leading axes are not reduced and every operand advances by a constant stride from block
 * to block. Loops share blocks if every buffer that one of them writes and another touches is divided into the same blocks.
 */
export function groupRows(program: Program, target: Target): Program {
  const isLarge = (kernel: Kernel): boolean =>
    kernel.kind === "reduce" &&
    sizeOf(kernel.shape) * target.elementBytes(kernel.expression.dtype) >= target.rowBlocks.leastBytes;
  if (!program.kernels.some(isLarge)) return program;
  return new Grouping(program, target).finish();
}

class Grouping {
  readonly #program: Program;
  readonly #target: Target;
  readonly #items: (Kernel | RowGroup)[] = [];
  /** By buffer: the number of kernels that touch it, plus one if it is an input or output of the program. */
  readonly #uses: number[];
  readonly #divisors = new Map<number, readonly number[]>();

  constructor(program: Program, target: Target) {
    this.#program = program;
    this.#target = target;
    this.#uses = program.buffers.map(() => 0);
    for (const kernel of program.kernels) for (const buffer of buffersTouched(kernel)) this.#uses[buffer]++;
    for (const buffer of [...program.inputs, ...program.outputs]) this.#uses[buffer]++;
    for (const kernel of program.kernels) {
      const loop = kernel.kind === "map" || kernel.kind === "reduce" ? new RowLoop(kernel) : null;
      if (loop === null || loop.rows === 1) this.#items.push(kernel);
      else if (!this.#join(loop)) this.#items.push(new RowGroup(loop, target, this.#outside));
    }
  }

  finish(): Program {
    const buffers = [...this.#program.buffers];
    const kernels = this.#items.flatMap((item) =>
      item instanceof RowGroup ? this.#kernelsOf(item, buffers) : [item],
    );
    return { ...this.#program, buffers, kernels };
  }

  readonly #outside = {
    bytesOf: (buffer: number): number => {
      const { size, dtype } = this.#program.buffers[buffer];
      return size * this.#target.elementBytes(dtype);
    },
    usesOf: (buffer: number): number => this.#uses[buffer],
  };

  /** Adds a loop to an earlier group, if there is one to which it may be moved. */
  #join(loop: RowLoop): boolean {
    const items = this.#items;
    for (let i = items.length - 1; i >= Math.max(0, items.length - reach); i--) {
      const item = items[i];
      if (item instanceof RowGroup) {
        const rows = this.#rowsShared(item, loop);
        if (rows !== null) {
          item.add(loop, rows);
          return true;
        }
        if (item.holdsBack(loop)) return false;
      } else {
        const { reads, writes } = buffersOf(item);
        if (areDependent(reads, writes, loop)) return false;
      }
    }
    return false;
  }

  /** The largest number of blocks that a group and a loop can share; `null` if they are unrelated or cannot share blocks. */
  #rowsShared(group: RowGroup, loop: RowLoop): number | null {
    const isLonger = (buffer: number): boolean => this.#program.buffers[buffer].size > 1;
    if (!group.hasRoomFor(loop) || !group.isRelatedTo(loop, isLonger)) return null;
    const least = Math.max(2, Math.ceil(group.bytesWith(loop) / this.#target.rowBlocks.mostBlockBytes));
    const counts = this.#divisorsOf(greatestCommonDivisor(group.rows, loop.rows)).slice(0, attempts);
    for (const count of counts) {
      if (count < least) return null;
      if (group.sharesBlocksWith(loop, count)) return count;
    }
    return null;
  }

  #divisorsOf(n: number): readonly number[] {
    const known = this.#divisors.get(n) ?? divisorsOf(n);
    this.#divisors.set(n, known);
    return known;
  }

  /**
   * The kernels of a group: one `rows` kernel if it is large enough, otherwise its loops. Shrinks buffers that only the group
   * touches to one block.
   */
  #kernelsOf({ loops, rows, bytes }: RowGroup, buffers: BufferSpec[]): Kernel[] {
    const { blockBytes, mostBlockBytes, leastBytes } = this.#target.rowBlocks;
    const most = Math.min(blockBytes, mostBlockBytes);
    const blocks = this.#divisorsOf(rows).findLast((count) => bytes / count <= most) ?? rows;
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
