import type { Node } from "@stargrad/graph";
import { mapTree, type Tensor, type Tree, zerosLike } from "@stargrad/tensor";
import { pairLeaves } from "@stargrad/tensor/internal";
import { pullBack } from "./pull-back.js";
import { track } from "./track.js";

/** A function of trees of tensors. */
export type TreeFunction<Inputs extends readonly Tree[], Output extends Tree> = (...inputs: Inputs) => Output;

/**
 * The value of f, and how to pull a gradient of it back to the inputs: `pullBack(u)` is `Jᵀ u` with the Jacobian J of f.
 * It can be called as often as one likes.
 *
 * Shapes: u nested and shaped as the output; `pullBack(u)` as the inputs
 * Throws: DTypeError if an input is not float32 or float64; ArgumentError or ShapeError if u is not like the output
 * Source: jax.vjp
 */
export function vjp<Inputs extends readonly Tree[], Output extends Tree>(
  f: TreeFunction<Inputs, Output>,
  ...inputs: Inputs
): { value: Output; pullBack: (gradient: Output) => Inputs } {
  const targets = new Set<Node>();
  const tracked = track("vjp", inputs, targets);
  const value = f(...tracked);
  return {
    value,
    pullBack(gradient) {
      const gradients = pullBack(pairLeaves("vjp", value, gradient), targets);
      return mapTree(tracked, (leaf: Tensor): Tensor => gradients.get(leaf.node) ?? zerosLike(leaf));
    },
  };
}
