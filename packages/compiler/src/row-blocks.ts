import { sizeOf } from "@stargrad/graph";
import { leavesOf, type LoopKernel } from "./kernel.js";
import { reshape, stretchOf, type Layout } from "./layout.js";
import { changeLayouts } from "./rewrite.js";

/** The largest number of row blocks a loop can be divided into: the product of its leading axes that are not reduced. */
export function rowsOf(loop: LoopKernel): number {
  return sizeOf(loop.shape.slice(0, keptAxes(loop)));
}

/**
 * The same loop with a leading axis over blocks of rows; `null` if an operand does not advance by a constant stride from block to
 * block.
 */
export function cutIntoBlocks(loop: LoopKernel, blocks: number): LoopKernel | null {
  const kept = keptAxes(loop);
  const shape = [blocks, rowsOf(loop) / blocks, ...loop.shape.slice(kept)];
  const cut = changeLayouts(loop, (layout) => {
    const reshaped = reshape(layout, shape);
    return reshaped !== null && reshaped.axes[0].length <= 1 ? reshaped : null;
  });
  if (cut === null || cut.kind === "map") return cut && { ...cut, shape };
  return { ...cut, shape, axes: cut.axes.map((axis) => axis - kept + 2) };
}

/** An access of a loop to a buffer. */
export interface Access {
  readonly buffer: number;
  readonly layout: Layout;
}

export interface Accesses {
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
}

export function accessesOf(loop: LoopKernel): Accesses {
  const expressions =
    loop.kind === "map" ? loop.results.map(({ expression }) => expression) : [loop.expression];
  const reads = leavesOf(expressions).flatMap((leaf) => (leaf.kind === "load" ? [leaf] : []));
  return { reads, writes: loop.kind === "map" ? [...loop.results] : [loop] };
}

/** The distance between blocks if all elements of a block precede those of the next; otherwise `null`. */
export function blockSize({ offset, axes: [first, ...rest] }: Layout): number | null {
  const stride = first.length === 0 ? 0 : first[0].stride;
  const block = stretchOf({ offset, axes: rest });
  return block.first >= 0 && block.last < stride ? stride : null;
}

/** The layout for a buffer that holds one block at a time: its stride along the block axis is 0. */
export function withoutBlocks({ offset, axes: [first, ...rest] }: Layout): Layout {
  return { offset, axes: [first.map(({ length }) => ({ length, stride: 0 })), ...rest] };
}

/** The number of axes before the first reduced one. */
function keptAxes(loop: LoopKernel): number {
  return loop.kind === "map" ? loop.shape.length : Math.min(loop.shape.length, ...loop.axes);
}
