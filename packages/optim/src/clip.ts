import { Parameter } from "@stargrad/autograd";
import { check, getEngine, minimum, realize, stack, tensor, type Tensor } from "@stargrad/tensor";
import {
  nonFiniteCode,
  withoutHistory,
  expectValues,
  notNegative,
  expectOptions,
  flag,
  type Kind,
} from "@stargrad/tensor/internal";
import { variablesIn } from "./groups.js";

export interface ClipGradNormOptions {
  /** The p of the p-norm; Infinity is the largest magnitude. Default: 2. */
  readonly order?: number;
  /** Whether to throw if the norm is NaN or infinite. Default: false. */
  readonly errorIfNonfinite?: boolean;
}

/** Infinity too: as an order it is the largest element, and as a norm it clips nothing. */
const fromZero: Kind = ["a number of at least 0", (order) => typeof order === "number" && order >= 0];

/**
 * Scales all gradients by the same factor, so that the norm ‖g‖ of their concatenation is at most `maxNorm`. Returns the norm
 * before scaling:
 *
 *     g ← g · min(1, maxNorm / (‖g‖ + 1e-6))
 *
 * The computation is lazy: it becomes part of the optimizer's step, and the norm can be read afterwards. Parameters without a
 * gradient are ignored; if no parameter has one, the norm is 0. With `maxNorm` Infinity it only measures.
 *
 * Shapes: returns []
 * Defaults: order 2, errorIfNonfinite false (gradients that are not finite then become NaN or 0 together)
 * Throws: ArgumentError if `maxNorm` or the order is negative; CheckError if `errorIfNonfinite` and the norm is NaN or
 * infinite. The error is thrown before any gradient changes; in a recorded function, or on an asynchronous engine, it is thrown
 * when the gradients are computed, and the step then changes nothing
 * Source: Pascanu et al., "On the Difficulty of Training Recurrent Neural Networks", 2013, algorithm 1;
 *         torch.nn.utils.clip_grad_norm_
 */
export function clipGradNorm(
  parameters: Iterable<Parameter>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Tensor {
  expectOptions<ClipGradNormOptions>("clipGradNorm", options, { order: fromZero, errorIfNonfinite: flag });
  const { order = 2, errorIfNonfinite = false } = options;
  expectValues("clipGradNorm", { maxNorm }, fromZero);
  return withoutHistory(() =>
    clipTo(gradientsOf("clipGradNorm", parameters), maxNorm, order, errorIfNonfinite),
  );
}

function clipTo(
  clipped: readonly { readonly parameter: Parameter; readonly grad: Tensor }[],
  maxNorm: number,
  order: number,
  errorIfNonfinite: boolean,
): Tensor {
  if (clipped.length === 0) return tensor(0);
  const norm = stack(clipped.map(({ grad }) => grad.norm({ order }))).norm({ order });
  // Every gradient depends on the check. On a synchronous engine it runs now, before any gradient changes.
  const checked = errorIfNonfinite ? norm.add(check(nonFiniteCode(norm), nonFinite)) : norm;
  if (errorIfNonfinite && getEngine().capabilities.synchronous) realize(checked);
  const factor = minimum(checked.add(1e-6).reciprocal().mul(maxNorm), 1);
  for (const { parameter, grad } of clipped) {
    parameter.grad = grad.mul(factor.cast(grad.dtype));
  }
  // Computing a clipped gradient also computes the norm. As co-outputs, all are stored then and can be read any time later.
  const pending = [norm, ...clipped.flatMap(({ parameter }) => parameter.grad ?? [])].map(({ node }) => node);
  for (const node of pending) if (node.storage === null) node.addCoOutputs(pending);
  return norm;
}

/**
 * Clamps every element of every gradient to [−maxValue, maxValue]. NaN stays NaN.
 *
 * Throws: ArgumentError if `maxValue` is negative
 * Source: torch.nn.utils.clip_grad_value_
 */
export function clipGradValue(parameters: Iterable<Parameter>, maxValue: number): void {
  expectValues("clipGradValue", { maxValue }, notNegative);
  withoutHistory(() => {
    for (const { parameter, grad } of gradientsOf("clipGradValue", parameters)) {
      parameter.grad = grad.clamp({ min: -maxValue, max: maxValue });
    }
  });
}

function gradientsOf(
  called: string,
  parameters: Iterable<Parameter>,
): { parameter: Parameter; grad: Tensor }[] {
  return variablesIn(called, parameters, Parameter).flatMap((parameter) => {
    const { grad } = parameter;
    return grad === null ? [] : [{ parameter, grad }];
  });
}

const nonFinite = {
  called: "clipGradNorm",
  problems: ["NaN", "Infinity", "-Infinity"].map(
    (value) => `the norm of the gradients is ${value}; expected a finite number`,
  ),
  hint: "Try a smaller learning rate",
};
