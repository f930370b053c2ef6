import type { Parameter } from "@stargrad/autograd";
import { check, getEngine, minimum, realize, stack, tensor, type Tensor } from "@stargrad/tensor";
import { nonFiniteCode, withoutHistory } from "@stargrad/tensor/internal";
import { expectNotNegative } from "./ranges.js";

export interface ClipGradNormOptions {
  /** The p of the p-norm; Infinity is the largest magnitude. Default: 2. */
  readonly order?: number;
  /** Whether it is an error if the norm is not a finite number. Default: false. */
  readonly errorIfNonfinite?: boolean;
}

/**
 * Scales all gradients together so that their norm ‖g‖, as of one long vector, is at most `maxNorm`, and returns the norm
 * before:
 *
 *     g ← g · min(1, maxNorm / (‖g‖ + 1e-6))
 *
 * Nothing is computed yet: that happens in the optimizer's step, and the norm is kept to be read after it. Parameters
 * without a gradient do not count; if none has one, the norm is 0.
 *
 * Shapes: returns []
 * Defaults: order 2, errorIfNonfinite false (gradients that are not finite then become NaN or 0 together)
 * Throws: ArgumentError if `maxNorm` or the order is negative; CheckError if `errorIfNonfinite` and the norm is NaN or
 * infinite: at once, before any gradient changes, and in a function that is recorded or on an engine that is not synchronous
 * when the gradients are computed, so that the step changes nothing
 * Source: Pascanu et al., "On the Difficulty of Training Recurrent Neural Networks", 2013, algorithm 1;
 *         torch.nn.utils.clip_grad_norm_
 */
export function clipGradNorm(
  parameters: Iterable<Parameter>,
  maxNorm: number,
  { order = 2, errorIfNonfinite = false }: ClipGradNormOptions = {},
): Tensor {
  expectNotNegative("clipGradNorm", { maxNorm });
  if (order !== Infinity) expectNotNegative("clipGradNorm", { order });
  return withoutHistory(() => clipTo(gradientsOf(parameters), maxNorm, order, errorIfNonfinite));
}

function clipTo(
  clipped: readonly { readonly parameter: Parameter; readonly grad: Tensor }[],
  maxNorm: number,
  order: number,
  errorIfNonfinite: boolean,
): Tensor {
  if (clipped.length === 0) return tensor(0);
  const norm = stack(clipped.map(({ grad }) => grad.norm({ order }))).norm({ order });
  // The check is passed on its way to every gradient. Where that can be, it is made now, before any gradient changes.
  const checked = errorIfNonfinite ? norm.add(check(nonFiniteCode(norm), nonFinite)) : norm;
  if (errorIfNonfinite && getEngine().capabilities.synchronous) realize(checked);
  const factor = minimum(checked.add(1e-6).reciprocal().mul(maxNorm), 1);
  for (const { parameter, grad } of clipped) {
    parameter.grad = grad.mul(factor.cast(grad.dtype));
  }
  // Whoever computes the clipped gradients computes the norm on the way. Kept then, it can be read however much later.
  const pending = [norm, ...clipped.flatMap(({ parameter }) => parameter.grad ?? [])].map(({ node }) => node);
  for (const node of pending) if (node.storage === null) node.accompany(pending);
  return norm;
}

/**
 * Brings every element of every gradient into [−maxValue, maxValue]. NaN stays NaN.
 *
 * Throws: ArgumentError if `maxValue` is negative
 * Source: torch.nn.utils.clip_grad_value_
 */
export function clipGradValue(parameters: Iterable<Parameter>, maxValue: number): void {
  expectNotNegative("clipGradValue", { maxValue });
  withoutHistory(() => {
    for (const { parameter, grad } of gradientsOf(parameters)) {
      parameter.grad = grad.clamp({ min: -maxValue, max: maxValue });
    }
  });
}

function gradientsOf(parameters: Iterable<Parameter>): { parameter: Parameter; grad: Tensor }[] {
  return [...parameters].flatMap((parameter) => {
    const { grad } = parameter;
    return grad === null ? [] : [{ parameter, grad }];
  });
}

const nonFinite = {
  called: "clipGradNorm",
  problems: ["NaN", "Infinity", "-Infinity"].map(
    (value) => `the norm of the gradients is ${value}; expected a finite number`,
  ),
  hint: "A smaller learning rate often helps",
};
