import { sameShape } from "@stargrad/graph";
import { checkTarget } from "./check-target.js";
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
 * Optimizes a program for a target. Joins neighbouring elementwise loops over one shape into one loop with several results: the
 * update of a parameter and its optimizer state becomes one pass over memory. A value that one of the loops writes and another
 * reads stays in a register, and it is not written if no other kernel reads it. Then fuses epilogues into products, splits
 * reductions, and groups loops over the same rows. The target sets the limits.
 *
 * Throws: ArgumentError if a field of the target is below its minimum
 */
export function fuse(program: Program, target: Target): Program {
  checkTarget(target);
  const alive = withoutDeadResults(withJoinedLoops(withFusedBodies(program, target), target));
  const oriented = withEpilogues(orientProducts(alive), target);
  return groupRows(splitReductions(oriented, target), target);
}

/** Fuses the bodies of loops, which are programs over the same buffers. */
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

/** The loop to which the next one may be joined; `null` if `last` is not a loop or has another shape. */
function growingFrom(last: Kernel | GrowingLoop, { shape }: MapKernel, target: Target): GrowingLoop | null {
  if (last instanceof GrowingLoop) return sameShape(last.shape, shape) ? last : null;
  return last.kind === "map" && sameShape(last.shape, shape) ? new GrowingLoop(last, target) : null;
}
