import { allocate, sizeOf, type Node } from "@stargrad/graph";
import {
  fromData,
  mapTree,
  type Nested,
  stack,
  type Tensor,
  type Tree,
  zeros,
  zerosLike,
} from "@stargrad/tensor";
import { argumentOf, grad, type GradOptions, type ScalarFunction } from "./grad.js";
import { pullBack } from "./pull-back.js";
import { track, withArgument } from "./track.js";
import type { TreeFunction } from "./vjp.js";

/**
 * All first derivatives of a function: `jacobian(f)(x)[i, j]` is ∂f(x)ᵢ/∂xⱼ. For trees, the result has the nesting of the
 * output, and at each leaf the nesting of the input. It costs one pull-back per element of the output; see `jvp` and `vjp`
 * for products with it.
 *
 * Shapes: f: x […X] -> y […Y] gives […Y, …X]
 * Throws: DTypeError if the argument is not float32 or float64
 * Source: jax.jacrev; torch.autograd.functional.jacobian
 */
export function jacobian<Inputs extends readonly Tree[], Output extends Tree, Index extends number = 0>(
  f: TreeFunction<Inputs, Output>,
  options: GradOptions<Index> = {},
): (...inputs: Inputs) => Nested<Output, Inputs[Index]> {
  const index = argumentOf("jacobian", f, options);
  return (...inputs) => {
    const targets = new Set<Node>();
    const tracked = track("jacobian", inputs[index], targets);
    const value = f(...withArgument(inputs, index, tracked));
    return mapTree(value, (y: Tensor): Inputs[Index] => derivativesOf(y, tracked, targets), "jacobian");
  };
}

/**
 * All second derivatives of a scalar function: `hessian(f)(x)[i, j]` is ∂²f/∂xᵢ∂xⱼ. For trees, the result has the nesting of
 * the input, and at each leaf that nesting again. See `hvp` for products with it.
 *
 * Shapes: x […X] gives […X, …X]
 * Throws: ShapeError if f returns more than one number; DTypeError if the argument is not float32 or float64
 * Source: jax.hessian; torch.autograd.functional.hessian
 */
export function hessian<Inputs extends readonly Tree[], Index extends number = 0>(
  f: ScalarFunction<Inputs>,
  options: GradOptions<Index> = {},
): (...inputs: Inputs) => Nested<Inputs[Index], Inputs[Index]> {
  argumentOf("hessian", f, options);
  return jacobian(grad(f, options), options);
}

/** dy/dx for every tensor x of a tree: one row per element of y, each computed by a separate pull-back. */
function derivativesOf<T extends Tree>(y: Tensor, tree: T, targets: ReadonlySet<Node>): T {
  const rows = Array.from({ length: y.size }, (_, i) => pullBack([[y, oneAt(i, y)]], targets));
  return mapTree(tree, (x: Tensor): Tensor => {
    const shape = [...y.shape, ...x.shape];
    if (sizeOf(shape) === 0) return zeros(shape, { dtype: x.dtype });
    return stack(rows.map((row) => row.get(x.node) ?? zerosLike(x))).reshape(shape);
  });
}

/** A tensor of the shape and type of y that is 1 at one element and 0 elsewhere. */
function oneAt(element: number, { dtype, size, shape }: Tensor): Tensor {
  const data = allocate(dtype, size);
  data[element] = 1;
  return fromData(data, shape);
}
