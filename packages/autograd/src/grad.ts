import { formatShape, ShapeError, type Node } from "@stargrad/graph";
import { mapTree, onesLike, type Tensor, type Tree, zerosLike } from "@stargrad/tensor";
import { callable, expectOptions, expectValues, wholeFrom } from "@stargrad/graph/internal";
import { pullBack } from "./pull-back.js";
import { tensorFrom, track, withArgument } from "./track.js";

/** A function of tensors (or nested arrays and objects of them) whose result is one number. */
export type ScalarFunction<Inputs extends readonly Tree[]> = (...inputs: Inputs) => Tensor;

/** The index of the argument to differentiate with respect to. Default: 0. */
export interface GradOptions<Index extends number = number> {
  readonly argument?: Index;
}

/**
 * The derivative of a function: `grad(f)(x)` is df/dx at x, with the nesting of x. It returns an ordinary function of tensors, so
 * `grad(grad(f))` is the second derivative.
 *
 * Throws: ShapeError if f returns more than one number
 * Source: jax.grad; torch.func.grad
 */
export function grad<Inputs extends readonly Tree[], Index extends number = 0>(
  f: ScalarFunction<Inputs>,
  options?: GradOptions<Index>,
): (...inputs: Inputs) => Inputs[Index] {
  const differentiated = valueAndGrad(f, options);
  return (...inputs) => differentiated(...inputs).grad;
}

/** Like `grad`, but returns the value of f too. f is called once. Source: jax.value_and_grad */
export function valueAndGrad<Inputs extends readonly Tree[], Index extends number = 0>(
  f: ScalarFunction<Inputs>,
  options: GradOptions<Index> = {},
): (...inputs: Inputs) => { value: Tensor; grad: Inputs[Index] } {
  const index = argumentOf("grad", f, options);
  return (...inputs) => {
    const targets = new Set<Node>();
    const tracked = track("grad", inputs[index], targets);
    const value = scalarFrom("grad", f(...withArgument(inputs, index, tracked)));
    const gradients = pullBack([[value, onesLike(value)]], targets);
    return { value, grad: mapTree(tracked, (leaf) => gradients.get(leaf.node) ?? zerosLike(leaf)) };
  };
}

/** The index of the argument to differentiate with respect to. Throws: ArgumentError if f is no function or the options are wrong */
export function argumentOf(called: string, f: unknown, options: GradOptions): number {
  expectValues(called, { f }, callable);
  expectOptions(called, options, { argument: wholeFrom(0) });
  return options.argument ?? 0;
}

/** The result of a user's function. Throws: ArgumentError unless it is a tensor, ShapeError unless it is a scalar */
export function scalarFrom(called: string, result: unknown): Tensor {
  const value = tensorFrom(called, result);
  const { ndim, shape } = value;
  if (ndim === 0) return value;
  throw new ShapeError(
    called,
    `the function returned ${formatShape(shape)}; expected a scalar`,
    "Reduce it, for example with mean()",
  );
}
