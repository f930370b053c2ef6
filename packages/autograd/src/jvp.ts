import type { Node } from "@stargrad/graph";
import { leavesOf, mapTree, onesLike, type Tensor, type Tree, zerosLike } from "@stargrad/tensor";
import { callable, expectValues, pairLeaves } from "@stargrad/tensor/internal";
import { scalarFrom, type ScalarFunction } from "./grad.js";
import { pullBack } from "./pull-back.js";
import { track } from "./track.js";
import type { TreeFunction } from "./vjp.js";

/**
 * The value of f and its directional derivative along `tangents` v: `J v` with the Jacobian J of f.
 *
 * It uses the table of backward rules. A pull-back `u ↦ Jᵀ u` is linear in u, so pulling v back through it gives
 * `(Jᵀ)ᵀ v = J v`, and neither u nor `Jᵀ u` is ever computed. Custom rules (`customFunction`, `onGradient`) must be linear in the
 * gradient they receive.
 *
 * Shapes: tangents have the nesting and shapes of the inputs; `tangent` those of the output
 * Throws: DTypeError if an input is not float32 or float64; ArgumentError, ShapeError or DTypeError if the tangents differ
 * from the inputs in nesting, shape or type
 * Source: jax.jvp; torch.func.jvp; Townsend, "A new trick for calculating Jacobian vector products", 2017
 */
export function jvp<Inputs extends readonly Tree[], Output extends Tree>(
  f: TreeFunction<Inputs, Output>,
  inputs: Inputs,
  tangents: Inputs,
): { value: Output; tangent: Output } {
  expectValues("jvp", { f }, callable);
  const targets = new Set<Node>();
  const tracked = track("jvp", inputs, targets);
  const value = f(...tracked);
  const seeds = new Map<Node, Tensor>();
  const leaves = leavesOf(value, "jvp");
  for (const y of leaves) if (y.node.tracked) seeds.set(y.node, track("jvp", zerosLike(y), new Set()));
  const pulled = pullBack(
    leaves.flatMap((y): [Tensor, Tensor][] => {
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
 * The value of f, its gradient, and the Hessian-vector product `H v` with the Hessian H of f and `tangents` v. It costs about two
 * gradients; H is never formed.
 *
 * Shapes: tangents, `grad` and `product` have the nesting and shapes of the inputs
 * Throws: ShapeError if f returns more than one number; otherwise like `jvp`
 * Source: torch.autograd.functional.hvp; Pearlmutter, "Fast Exact Multiplication by the Hessian", 1994
 */
export function hvp<Inputs extends readonly Tree[]>(
  f: ScalarFunction<Inputs>,
  inputs: Inputs,
  tangents: Inputs,
): { value: Tensor; grad: Inputs; product: Inputs } {
  expectValues("hvp", { f }, callable);
  const targets = new Set<Node>();
  const tracked = track("hvp", inputs, targets);
  const value = scalarFrom("hvp", f(...tracked));
  const first = pullBack([[value, onesLike(value)]], targets);
  const gradientOf = (x: Tensor): Tensor => first.get(x.node) ?? zerosLike(x);
  // Pulling v back through the gradient gives Hᵀ v, which equals H v because H is symmetric.
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
