import { sizeOf } from "@stargrad/graph";
import { partsOf, type Kernel, type LoopExpression, type Program } from "./kernel.js";

/** About how much a kernel has to do, in operations on one element: what it is worth dividing among threads for. */
export function workOf(kernel: Kernel, program: Pick<Program, "buffers">): number {
  switch (kernel.kind) {
    case "map":
      return sizeOf(kernel.shape) * costOf(kernel.results.map(({ expression }) => expression));
    case "reduce":
      return sizeOf(kernel.shape) * costOf([kernel.expression]);
    case "rows":
      return kernel.loops.reduce((sum, loop) => sum + workOf(loop, program), 0);
    case "product":
      // A product works on vectors all the time, and hardly waits for memory.
      return (kernel.batch * kernel.m * kernel.n * kernel.k) / 4;
    case "fill":
      return program.buffers[kernel.buffer].size / 4;
    case "check":
      return sizeOf(kernel.shape) / 4;
    case "gather":
    case "scatterAdd":
    case "cumsum":
      return 2 * sizeOf(kernel.shape);
    case "randomBits":
      return 8 * sizeOf(kernel.shape);
    case "argsort":
      return 32 * sizeOf(kernel.shape);
    case "scan":
      return kernel.length * kernel.kernels.reduce((sum, inner) => sum + workOf(inner, program), 0);
  }
}

/** One for every operand and every operation. */
function costOf(expressions: readonly LoopExpression[]): number {
  return partsOf(expressions).length;
}
