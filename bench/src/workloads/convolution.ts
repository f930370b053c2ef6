import { Generator } from "@stargrad/tensor";
import { normalInput } from "../inputs.js";
import type { Workload } from "../workload.js";

const [batch, inputs, outputs, side, size] = [32, 16, 32, 28, 3];
const padding = (size - 1) / 2;

export const convolutions: readonly Workload[] = [
  convolution("convolution", "forward"),
  convolution("convolutionInputGradient", "input gradient"),
  convolution("convolutionFilterGradient", "filter gradient"),
];

/** All three do the same multiplications and additions: one for each output and each input of its window. */
function convolution(
  kind: "convolution" | "convolutionInputGradient" | "convolutionFilterGradient",
  part: string,
): Workload {
  return {
    name: `convolution ${size}×${size} ${part}, N ${batch}, C ${inputs}→${outputs}, ${side}×${side}`,
    task: { kind, padding },
    limit: { operations: 2 * batch * outputs * side * side * inputs * size * size },
    inputs() {
      const generator = new Generator(1);
      return {
        x: normalInput([batch, inputs, side, side], generator),
        weight: normalInput([outputs, inputs, size, size], generator),
        upstream: normalInput([batch, outputs, side, side], generator),
      };
    },
  };
}
