import { assignAll, backward, type Parameter } from "@stargrad/autograd";
import { tensor, type Tensor } from "@stargrad/tensor";
import { callable, expectOptions, positive } from "@stargrad/tensor/internal";
import { flatIndexOf } from "./credit.js";

/** One element of a gradient, and the central difference to compare it with. */
export interface Proof {
  /** The gradient ∂L/∂w, from back-propagation. */
  readonly blame: number;
  /** The central difference (L(w + h) − L(w − h)) / 2h. */
  readonly slope: number;
  /** L(w + h) */
  readonly lossUp: number;
  /** L(w − h) */
  readonly lossDown: number;
  /** The distance 2h between the two weights, after rounding. */
  readonly width: number;
}

/**
 * Checks the gradient (blame) of one weight by a central difference: moves the weight up and down by `wiggle`, computes
 * the loss each time, and restores the weight.
 *
 * Defaults: wiggle max(1, |w|) · 1e-3, in float64 max(1, |w|) · 1e-6
 * Throws: ArgumentError if the parameter has no such element
 */
export async function proveIt(
  parameter: Parameter,
  index: readonly number[],
  options: { readonly loss: () => Tensor; readonly wiggle?: number },
): Promise<Proof> {
  expectOptions("proveIt", options, { loss: callable, wiggle: positive }, ["loss"]);
  const { loss, wiggle } = options;
  const { shape, dtype } = parameter;
  const position = flatIndexOf("proveIt", index, shape);
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

/** The derivative of the loss with respect to one element. The existing gradients stay unchanged. */
async function blameOf(parameter: Parameter, position: number, loss: () => Tensor): Promise<number> {
  const before = parameter.grad;
  parameter.grad = null;
  backward(loss());
  const gradient = parameter.grad as Tensor | null;
  parameter.grad = before;
  return gradient === null ? 0 : (await gradient.data())[position];
}
