import type { Node } from "@stargrad/graph";
import { leavesOf, mapTree, onesLike, type Tensor, type Tree, zerosLike } from "@stargrad/tensor";
import { pairLeaves } from "@stargrad/tensor/internal";
import { checkScalar, type ScalarFunction } from "./grad.js";
import { pullBack } from "./pull-back.js";
import { track } from "./track.js";
import type { TreeFunction } from "./vjp.js";

/**
 * The value of f, and how fast it changes as the inputs move along `tangents`: `J v` with the Jacobian J of f.
 *
 * There is no second table of rules for it. A pull-back `u ↦ Jᵀ u` is linear in u, so pulling v back through it gives
 * `(Jᵀ)ᵀ v = J v`, and neither u nor `Jᵀ u` is ever computed. Rules that are not the table's (`customGradient`,
 * `onGradient`) must be linear in the gradient they are given.
 *
 * Shapes: tangents nested and shaped as the inputs; `tangent` as the output
 * Throws: DTypeError if an input is not float32 or float64; ArgumentError or ShapeError if the tangents are not like the
 * inputs
 * Source: jax.jvp; Townsend, "A new trick for calculating Jacobian vector products", 2017
 */
export function jvp<Inputs extends readonly Tree[], Output extends Tree>(
  f: TreeFunction<Inputs, Output>,
  inputs: Inputs,
  tangents: Inputs,
): { value: Output; tangent: Output } {
  const targets = new Set<Node>();
  const tracked = track("jvp", inputs, targets);
  const value = f(...tracked);
  const seeds = new Map<Node, Tensor>();
  for (const y of leavesOf(value))
    if (y.node.tracked) seeds.set(y.node, track("jvp", zerosLike(y), new Set()));
  const pulled = pullBack(
    leavesOf(value).flatMap((y): [Tensor, Tensor][] => {
      const seed = seeds.get(y.node);
      return seed === undefined ? [] : [[y, seed]];
    }),
    targets,
  );
  const pushed = pullBack(
    pairLeaves("jvp", tracked, tangents).flatMap(([x, v]): [Tensor, Tensor][] => {
      const gradient = pulled.get(x.node);
      return gradient === undefined ? [] : [[gradient, v]];
    }),
    new Set([...seeds.values()].map(({ node }) => node)),
  );
  const tangentOf = (y: Tensor): Tensor => {
    const seed = seeds.get(y.node);
    return (seed && pushed.get(seed.node)) ?? zerosLike(y);
  };
  return { value, tangent: mapTree(value, tangentOf) };
}

/**
 * The value of f, its gradient, and how fast the gradient changes as the inputs move along `tangents`: `H v` with the
 * Hessian H of f, for about the price of two gradients and without ever forming H.
 *
 * Shapes: tangents, `grad` and `product` nested and shaped as the inputs
 * Throws: ShapeError if f returns more than one number; otherwise like `jvp`
 * Source: torch.autograd.functional.hvp; Pearlmutter, "Fast Exact Multiplication by the Hessian", 1994
 */
export function hvp<Inputs extends readonly Tree[]>(
  f: ScalarFunction<Inputs>,
  inputs: Inputs,
  tangents: Inputs,
): { value: Tensor; grad: Inputs; product: Inputs } {
  const targets = new Set<Node>();
  const tracked = track("hvp", inputs, targets);
  const value = f(...tracked);
  checkScalar("hvp", value);
  const first = pullBack([[value, onesLike(value)]], targets);
  const gradientOf = (x: Tensor): Tensor => first.get(x.node) ?? zerosLike(x);
  // H is symmetric: to pull v back through the gradient is to multiply by it.
  const second = pullBack(
    pairLeaves("hvp", tracked, tangents).map(([x, v]) => [gradientOf(x), v]),
    targets,
  );
  return {
    value,
    grad: mapTree(tracked, gradientOf),
    product: mapTree(tracked, (x: Tensor): Tensor => second.get(x.node) ?? zerosLike(x)),
  };
}
