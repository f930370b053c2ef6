import { checkTarget } from "./check-target.js";
import { withoutDeadResults } from "./dead-code.js";
import { withEpilogues } from "./epilogue.js";
import { joinLoops } from "./joined-loops.js";
import type { Kernel, Program } from "./kernel.js";
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
  const whole = withFusedBodies(program, target);
  const alive = withoutDeadResults({ ...whole, kernels: joinLoops(whole.kernels, target) });
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
