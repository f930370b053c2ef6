import type { Node, Shape } from "@stargrad/graph";
import { fromData } from "./functions/creation.js";
import { narrow, reshape } from "./functions/movement.js";
import { loopBeingTraced, type TracedLoop } from "./loop-draws.js";
import type { RandomStream } from "./random-stream.js";
import { aboutToDraw } from "./recording.js";
import { Tensor } from "./tensor.js";

/** Takes blocks from a generator, in a loop those of every iteration, and returns where they start: see `randomBits`. */
export function drawStart(generator: RandomStream, blocks: number): Tensor {
  return startsAt(generator, blocks, [0], [4]);
}

/**
 * What the draws in the body of a loop start from: for each formal the starts of all iterations, slice by slice. The numbers
 * are those of a plain loop that calls the function in order: what an iteration takes follows what the one before took.
 */
export function sequencesOfDraws(
  { draws: byGenerator }: TracedLoop,
  { length, reverse }: { readonly length: number; readonly reverse: boolean },
): { readonly formal: Node; readonly actual: Node }[] {
  return [...byGenerator].flatMap(([generator, { blocks, draws }]) => {
    const offsets = draws.flatMap((draw) => draw.offsets);
    const all = Array.from({ length }, (_, place) => {
      const iteration = reverse ? length - 1 - place : place;
      return offsets.map((offset) => iteration * blocks + offset);
    });
    const starts = startsAt(generator, length * blocks, all.flat(), [length, offsets.length, 4]);
    let first = 0;
    return draws.map(({ formal, offsets: { length: count } }) => {
      const own = narrow(starts, 1, first, count);
      first += count;
      return { formal, actual: reshape(own, [length, ...formal.shape]).node };
    });
  });
}

/** Takes blocks and returns the starts at offsets among them, one row of 4 for each. */
function startsAt(generator: RandomStream, blocks: number, offsets: readonly number[], shape: Shape): Tensor {
  const loop = loopBeingTraced();
  if (loop !== null) return new Tensor(loop.draw(generator, blocks, offsets, shape));
  const made = aboutToDraw(generator, blocks, offsets);
  const starts: Tensor = fromData(generator.reserve(blocks, offsets), shape);
  made(starts.node);
  return starts;
}
