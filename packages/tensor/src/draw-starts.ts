import type { Node, Shape } from "@stargrad/graph";
import { fromData } from "./functions/creation.js";
import { narrow, reshape } from "./functions/movement.js";
import { loopBeingTraced, type TracedLoop } from "./loop-draws.js";
import type { RandomStream } from "./random-stream.js";
import { aboutToDraw } from "./recording.js";
import { Tensor } from "./tensor.js";

/** Reserves blocks of a generator (in a loop: in every iteration) and returns their start: see `randomBits`. */
export function drawStart(generator: RandomStream, blocks: number): Tensor {
  return startsAt(generator, blocks, [0], [4]);
}

/**
 * The starts of the draws in the body of a loop: for each formal a sequence with one slice per iteration. The random numbers
 * equal those of a plain loop that calls the function in order: each iteration's blocks follow those of the previous one.
 */
export function sequencesOfDraws(
  { draws: byGenerator }: TracedLoop,
  { length, reverse }: { readonly length: number; readonly reverse: boolean },
): { readonly formal: Node; readonly actual: Node }[] {
  return [...byGenerator].flatMap(([generator, { blocks, draws }]) => {
    const offsets = draws.flatMap((draw) => draw.offsets);
    const all = Array.from({ length }, (_, slice) => {
      const iteration = reverse ? length - 1 - slice : slice;
      return offsets.map((offset) => iteration * blocks + offset);
    });
    const starts = startsAt(generator, length * blocks, all.flat(), [length, offsets.length, 4]);
    let first = 0;
    return draws.map(({ formal, offsets: { length: count } }) => {
      const rows = narrow(starts, 1, first, count);
      first += count;
      return { formal, actual: reshape(rows, [length, ...formal.shape]).node };
    });
  });
}

/** Reserves blocks and returns the starts at the given offsets into them, one row of 4 for each. */
function startsAt(generator: RandomStream, blocks: number, offsets: readonly number[], shape: Shape): Tensor {
  const loop = loopBeingTraced();
  if (loop !== null) return new Tensor(loop.draw(generator, blocks, offsets, shape));
  const made = aboutToDraw(generator, blocks, offsets);
  const starts: Tensor = fromData(generator.reserve(blocks, offsets), shape);
  made(starts.node);
  return starts;
}
