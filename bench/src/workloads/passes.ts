import { Generator } from "@stargrad/tensor";
import { normalInput } from "../inputs.js";
import type { Task, Workload } from "../workload.js";

const shape = [2048, 1024];
const bytes = 4 * shape[0] * shape[1];

/** Computations that read their input once and do little arithmetic, so that memory is the limit. */
export const passes: readonly Workload[] = [
  pass("softmax", "softmax", 2 * bytes),
  pass("layer norm", "layerNorm", 2 * bytes),
  pass("elementwise chain relu(2x + 1) · x", "reluChain", 2 * bytes),
  pass("elementwise chain tanh(2x + 1) · x", "tanhChain", 2 * bytes),
  pass("sum of rows", "sum", bytes),
];

function pass(
  name: string,
  kind: Extract<Task["kind"], "softmax" | "layerNorm" | "sum" | "reluChain" | "tanhChain">,
  moved: number,
): Workload {
  return {
    name: `${name}, ${shape.join("×")}`,
    task: { kind },
    limit: { bytes: moved },
    inputs: () => ({ x: normalInput(shape, new Generator(1)) }),
  };
}
