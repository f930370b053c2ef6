import { assignAll, backward, type Parameter } from "@stargrad/autograd";
import { tensor, type Tensor } from "@stargrad/tensor";
import { positionOf } from "./credit.js";

/** A weight's blame beside the slope that was measured by wiggling it. */
export interface Proof {
  /** What back-propagation says: dL/dw. */
  readonly blame: number;
  /** What measuring says: (L(w + h) − L(w − h)) / 2h. */
  readonly slope: number;
  readonly lossUp: number;
  readonly lossDown: number;
  /** How far the weight really was from one side to the other, after rounding. */
  readonly width: number;
}

/**
 * Wiggles one weight both ways, measures the mistake each time, and puts the weight back: does the slope agree with the
 * blame?
 *
 * Defaults: wiggle 1e-3 of the weight's size, and at least 1e-3 (in float64: 1e-6)
 * Throws: ArgumentError if the parameter has no such element
 */
export async function proveIt(
  parameter: Parameter,
  index: readonly number[],
  { loss, wiggle }: { readonly loss: () => Tensor; readonly wiggle?: number },
): Promise<Proof> {
  const { shape, dtype } = parameter;
  const position = positionOf("proveIt", index, shape);
  const original = await parameter.data();
  const distance = wiggle ?? (dtype === "float64" ? 1e-6 : 1e-3) * Math.max(1, Math.abs(original[position]));
  const measure = async (offset: number): Promise<{ value: number; at: number }> => {
    const moved = original.slice();
    moved[position] += offset;
    assignAll([[parameter, tensor(moved, { shape })]]);
    return { value: await loss().item(), at: moved[position] };
  };
  try {
    const up = await measure(distance);
    const down = await measure(-distance);
    const width = up.at - down.at;
    assignAll([[parameter, tensor(original, { shape })]]);
    const blame = await blameOf(parameter, position, loss);
    return { blame, slope: (up.value - down.value) / width, lossUp: up.value, lossDown: down.value, width };
  } finally {
    assignAll([[parameter, tensor(original, { shape })]]);
  }
}

/** The derivative of the loss by one element, leaving the gradients that were there as they were. */
async function blameOf(parameter: Parameter, position: number, loss: () => Tensor): Promise<number> {
  const before = parameter.grad;
  parameter.grad = null;
  backward(loss());
  const gradient = parameter.grad as Tensor | null;
  parameter.grad = before;
  return gradient === null ? 0 : (await gradient.data())[position];
}
