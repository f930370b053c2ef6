import { sameShape } from "@stargrad/graph";
import { withoutDeadResults } from "./dead-code.js";
import { withEpilogues } from "./epilogue.js";
import { GrowingLoop } from "./growing-loop.js";
import type { Kernel, MapKernel, Program } from "./kernel.js";
import { withArrangedConstants } from "./loop-constants.js";
import { orientProducts } from "./orient-products.js";
import { groupRows } from "./rows.js";
import { splitReductions } from "./split-reductions.js";
import type { Target } from "./target.js";

/**
 * Joins neighbouring elementwise loops over one shape into one, which then computes several results: an optimizer's update
 * of a parameter and its state is one pass over memory. What one of them wrote and the next read back stays in a register,
 * and if nobody else reads it, it is not written at all. How far that goes is the target's to say.
 */
export function fuse(program: Program, target: Target): Program {
  const alive = withoutDeadResults(withJoinedLoops(withFusedBodies(program, target), target));
  const oriented = withEpilogues(orientProducts(alive), target);
  return groupRows(splitReductions(oriented, target), target);
}

/** Does the same inside of loops: their bodies are programs over the same buffers. */
function withFusedBodies(program: Program, target: Target): Program {
  let buffers = [...program.buffers];
  const kernels = program.kernels.flatMap((kernel): Kernel[] => {
    if (kernel.kind !== "scan") return [kernel];
    const { results, kernels } = kernel;
    const body = fuse({ buffers, inputs: [], outputs: results, kernels, findings: [] }, target);
    buffers = [...body.buffers];
    const { before, scan } = withArrangedConstants({ ...kernel, kernels: body.kernels }, buffers, target);
    return [...before, scan];
  });
  return { ...program, buffers, kernels };
}

function withJoinedLoops(program: Program, target: Target): Program {
  const items: (Kernel | GrowingLoop)[] = [];
  for (const kernel of program.kernels) {
    const last = items.at(-1);
    const growing = kernel.kind === "map" && last !== undefined ? growingFrom(last, kernel, target) : null;
    if (kernel.kind === "map" && growing?.join(kernel) === true) items[items.length - 1] = growing;
    else items.push(kernel);
  }
  return { ...program, kernels: items.map((item) => (item instanceof GrowingLoop ? item.kernel : item)) };
}

/** What a loop may be joined to; `null` if that has another shape, or is no loop. */
function growingFrom(last: Kernel | GrowingLoop, { shape }: MapKernel, target: Target): GrowingLoop | null {
  if (last instanceof GrowingLoop) return sameShape(last.shape, shape) ? last : null;
  return last.kind === "map" && sameShape(last.shape, shape) ? new GrowingLoop(last, target) : null;
}
