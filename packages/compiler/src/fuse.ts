import { withEpilogues } from "./epilogue.js";
import { GrowingLoop } from "./growing-loop.js";
import { buffersOf, type Kernel, type Program } from "./kernel.js";
import { orientProducts } from "./orient-products.js";
import { groupRows } from "./rows.js";
import { splitReductions } from "./split-reductions.js";

/**
 * Joins neighbouring elementwise loops over one shape into one, which then computes several results: an optimizer's update
 * of a parameter and its state is one pass over memory. What one of them wrote and the next read back stays in a register,
 * and if nobody else reads it, it is not written at all.
 */
export function fuse(program: Program): Program {
  const alive = withoutDeadResults(withJoinedLoops(program));
  return groupRows(splitReductions(withEpilogues(orientProducts(alive))));
}

function withJoinedLoops(program: Program): Program {
  const items: (Kernel | GrowingLoop)[] = [];
  for (const kernel of program.kernels) {
    const last = items.at(-1);
    const isJoined = kernel.kind === "map" && last instanceof GrowingLoop && last.join(kernel);
    if (!isJoined) items.push(kernel.kind === "map" ? new GrowingLoop(kernel) : kernel);
  }
  return { ...program, kernels: items.map((item) => (item instanceof GrowingLoop ? item.kernel : item)) };
}

/** Leaves out what is written and never read. */
function withoutDeadResults({ kernels, ...program }: Program): Program {
  const read = new Set(program.outputs);
  for (const kernel of kernels) for (const buffer of buffersOf(kernel).reads) read.add(buffer);
  const alive = kernels.flatMap((kernel): Kernel[] => {
    if (kernel.kind !== "map") return [kernel];
    const results = kernel.results.filter(({ buffer }) => read.has(buffer));
    return results.length === 0 ? [] : [{ ...kernel, results }];
  });
  return { ...program, kernels: alive };
}
