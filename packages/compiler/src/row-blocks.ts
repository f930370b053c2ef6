import { sizeOf } from "@stargrad/graph";
import { leavesOf, type LoopKernel } from "./kernel.js";
import { reshape, stretchOf, type Layout } from "./layout.js";
import { changeLayouts } from "./rewrite.js";

/** Into how many blocks of rows a loop could be cut at most: how many elements its leading axes have that are kept. */
export function rowsOf(loop: LoopKernel): number {
  return sizeOf(loop.shape.slice(0, keptAxes(loop)));
}

/**
 * The same loop with a first axis that counts blocks of rows; `null` if an operand does not move by one stride from block to
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

/** Where a loop touches a buffer. */
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

/** How far it is from block to block if all of a block's elements lie before the next one's; else `null`. */
export function blockSize({ offset, axes: [first, ...rest] }: Layout): number | null {
  const stride = first.length === 0 ? 0 : first[0].stride;
  const block = stretchOf({ offset, axes: rest });
  return block.first >= 0 && block.last < stride ? stride : null;
}

/** A layout for a buffer that holds one block at a time. */
export function withoutBlocks({ offset, axes: [first, ...rest] }: Layout): Layout {
  return { offset, axes: [first.map(({ length }) => ({ length, stride: 0 })), ...rest] };
}

/** How many axes come before the first that is combined. */
function keptAxes(loop: LoopKernel): number {
  return loop.kind === "map" ? loop.shape.length : Math.min(loop.shape.length, ...loop.axes);
}
