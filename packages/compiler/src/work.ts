import { sizeOf } from "@stargrad/graph";
import { subexpressionsOf, type Kernel, type LoopExpression, type Program } from "./kernel.js";
import type { Target } from "./target.js";

/** The approximate work of a kernel, in operations on one element. Engines use it to decide whether to run it on several threads. */
export function workOf(kernel: Kernel, program: Pick<Program, "buffers">, target: Target): number {
  const { costs } = target;
  switch (kernel.kind) {
    case "map":
      return sizeOf(kernel.shape) * costOf(kernel.results.map(({ expression }) => expression));
    case "reduce":
      return sizeOf(kernel.shape) * costOf([kernel.expression]);
    case "rows":
      return kernel.loops.reduce((sum, loop) => sum + workOf(loop, program, target), 0);
    case "product":
      return kernel.batch * kernel.m * kernel.n * kernel.k * costs.multiplyAdd;
    case "fill":
      return program.buffers[kernel.buffer].size * costs.fill;
    case "copy":
      return kernel.parts.reduce((sum, { size }) => sum + size, 0);
    case "scan":
      return kernel.length * kernel.kernels.reduce((sum, inner) => sum + workOf(inner, program, target), 0);
    default:
      return sizeOf(kernel.shape) * costs[kernel.kind];
  }
}

/** The cost per element: 1 for every operand and every operation. */
function costOf(expressions: readonly LoopExpression[]): number {
  return subexpressionsOf(expressions).length;
}
