import { bytesPerElement, sizeOf } from "@stargrad/graph";
import { buffersOf, type BufferSpec, type Kernel, type LoopKernel, type Program } from "./kernel.js";
import { changeLayouts } from "./rewrite.js";
import { accessesOf, blockSize, cutIntoBlocks, rowsOf, withoutBlocks } from "./row-blocks.js";

/** A block, with all that is read and written for it, should stay in the nearest cache. */
const blockBytes = 32 * 1024;
/** Larger blocks would not stay near at all. */
const mostBlockBytes = 512 * 1024;
/** Loops over less than this stay near anyway. */
const leastBytes = 128 * 1024;
/** A kernel is moved past so many others at most, to loops that it shares rows with. */
const reach = 12;

/** Loops that can be cut into the same blocks: into `rows` of them, and so into any number that divides that. */
interface Group {
  readonly kind: "group";
  readonly loops: readonly LoopKernel[];
  readonly rows: number;
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
  const items: (Kernel | Group)[] = [];
  for (const kernel of program.kernels) {
    if (kernel.kind !== "map" && kernel.kind !== "reduce") items.push(kernel);
    else if (!joinGroup(kernel, items, program)) {
      items.push({ kind: "group", loops: [kernel], rows: rowsOf(kernel) });
    }
  }
  const buffers = [...program.buffers];
  const kernels = items.flatMap((item) => (item.kind === "group" ? finish(item, program, buffers) : [item]));
  return { ...program, buffers, kernels };
}

/** Adds a loop to a group before it, if there is one that it may be moved to. */
function joinGroup(loop: LoopKernel, items: (Kernel | Group)[], program: Program): boolean {
  for (let i = items.length - 1; i >= Math.max(0, items.length - reach); i--) {
    const item = items[i];
    const joined = item.kind === "group" ? withLoop(item, loop, program) : null;
    if (joined !== null) {
      items[i] = joined;
      return true;
    }
    const others = item.kind === "group" ? item.loops : [item];
    if (others.some((other) => areDependent(other, loop))) return false;
  }
  return false;
}

function areDependent(first: Kernel, second: Kernel): boolean {
  const [a, b] = [buffersOf(first), buffersOf(second)];
  const touches = (buffers: readonly number[], others: readonly number[]): boolean =>
    buffers.some((buffer) => others.includes(buffer));
  return touches(a.writes, b.reads) || touches(a.writes, b.writes) || touches(a.reads, b.writes);
}

/** A group with one more loop; `null` if that has nothing to do with it, or they share no blocks. */
function withLoop(group: Group, loop: LoopKernel, program: Program): Group | null {
  const known = new Set(group.loops.flatMap(buffersTouched));
  const isBig = (buffer: number): boolean => program.buffers[buffer].size > 1;
  const related =
    buffersTouched(loop).some((buffer) => isBig(buffer) && known.has(buffer)) ||
    group.loops.some(({ shape }) => sizeOf(shape) === sizeOf(loop.shape));
  if (!related) return null;
  const loops = [...group.loops, loop];
  const least = Math.max(2, Math.ceil(bytesTouched(loops, program) / mostBlockBytes));
  const rows = divisorsOf(greatestCommonDivisor(group.rows, rowsOf(loop))).find(
    (count) => count >= least && shareBlocks(loops, count),
  );
  return rows === undefined ? null : { kind: "group", loops, rows };
}

function shareBlocks(loops: readonly LoopKernel[], blocks: number): boolean {
  const cut: LoopKernel[] = [];
  for (const loop of loops) {
    const one = cutIntoBlocks(loop, blocks);
    if (one === null) return false;
    cut.push(one);
  }
  const accesses = cut.map(accessesOf);
  const written = new Map<number, number | null>();
  for (const { buffer, layout } of accesses.flatMap(({ writes }) => writes)) {
    written.set(buffer, blockSize(layout));
  }
  return accesses
    .flatMap(({ reads, writes }) => [...reads, ...writes])
    .every(({ buffer, layout }) => {
      const size = written.get(buffer);
      return size === undefined || (size !== null && blockSize(layout) === size);
    });
}

/** The kernels a group becomes: one, if that is worth it. Buffers that are needed only inside it are cut down to a block. */
function finish({ loops, rows }: Group, program: Program, buffers: BufferSpec[]): Kernel[] {
  const bytes = bytesTouched(loops, program);
  const blocks = divisorsOf(rows).findLast((count) => bytes / count <= blockBytes) ?? rows;
  const combines = loops.some(({ kind }) => kind === "reduce");
  if (loops.length === 1 || !combines || bytes < leastBytes || blocks === 1) return [...loops];
  const inside = new Set<Kernel>(loops);
  const needed = new Set([
    ...program.inputs,
    ...program.outputs,
    ...program.kernels.filter((kernel) => !inside.has(kernel)).flatMap(buffersTouched),
  ]);
  const locals = new Set<number>();
  const cut = loops.map((loop) => cutIntoBlocks(loop, blocks) ?? loop);
  for (const { buffer, layout } of cut.flatMap((loop) => accessesOf(loop).writes)) {
    if (needed.has(buffer)) continue;
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

function buffersTouched(kernel: Kernel): number[] {
  const { reads, writes } = buffersOf(kernel);
  return [...reads, ...writes];
}

function bytesTouched(loops: readonly LoopKernel[], { buffers }: Program): number {
  const touched = new Set(loops.flatMap(buffersTouched));
  return [...touched].reduce((sum, b) => sum + buffers[b].size * bytesPerElement(buffers[b].dtype), 0);
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
