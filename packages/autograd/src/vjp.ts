import type { Node } from "@stargrad/graph";
import { leavesOf, mapTree, type Tensor, type Tree, zerosLike } from "@stargrad/tensor";
import { callable, expectValues, pairLeaves } from "@stargrad/tensor/internal";
import { pullBack } from "./pull-back.js";
import { track } from "./track.js";

/** A function of trees of tensors. */
export type TreeFunction<Inputs extends readonly Tree[], Output extends Tree> = (...inputs: Inputs) => Output;

/**
 * The value of f, and a function that multiplies by the transposed Jacobian J of f: `pullBack(u)` is `Jᵀ u`. It can be called any
 * number of times.
 *
 * Shapes: u has the nesting and shapes of the output; `pullBack(u)` those of the inputs
 * Throws: DTypeError if an input is not float32 or float64; ArgumentError, ShapeError or DTypeError if u differs from the
 * output in nesting, shape or type
 * Source: jax.vjp; torch.func.vjp
 */
export function vjp<Inputs extends readonly Tree[], Output extends Tree>(
  f: TreeFunction<Inputs, Output>,
  ...inputs: Inputs
): { value: Output; pullBack: (gradient: Output) => Inputs } {
  expectValues("vjp", { f }, callable);
  const targets = new Set<Node>();
  const tracked = track("vjp", inputs, targets);
  const value = f(...tracked);
  leavesOf(value, "vjp"); // This throws unless the value is a tree of tensors.
  return {
    value,
    pullBack(gradient) {
      const gradients = pullBack(pairLeaves("vjp", value, gradient), targets);
      return mapTree(tracked, (leaf: Tensor): Tensor => gradients.get(leaf.node) ?? zerosLike(leaf));
    },
  };
}
