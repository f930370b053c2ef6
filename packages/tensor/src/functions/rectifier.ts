import { ArgumentError, formatShape, ShapeError, type Shape } from "@stargrad/graph";
import { factor, input, operation } from "../operation.js";
import type { Tensor } from "../tensor.js";
import { softplus } from "./activation.js";
import {
  equal,
  expm1,
  greater,
  greaterEqual,
  less,
  lessEqual,
  mul,
  tanh,
  where,
  type Unary,
} from "./elementwise.js";
import { reshape } from "./movement.js";

/*
 * Variants of ReLU: elementwise functions that are (nearly) the identity for positive elements.
 */

export interface LeakyReLUOptions {
  /** The slope a below 0. Default: 0.01. */
  readonly negativeSlope?: number;
}

/**
 * `x` where x is positive and `a · x` elsewhere; the gradient at 0 is a.
 *
 * Source: Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013;
 *         torch.nn.functional.leaky_relu
 */
export const leakyRelu = operation(
  "leakyRelu",
  [input, ["negativeSlope"]],
  (x: Tensor, { negativeSlope = 0.01 }: LeakyReLUOptions) => {
    return where(greater(x, 0), x, mul(x, negativeSlope));
  },
) as <S extends Shape>(x: Tensor<S>, options?: LeakyReLUOptions) => Tensor<S>;

/**
 * `x` where x is positive and `w · x` elsewhere, with one slope w for all elements or one per channel; the gradient at 0 is w.
 *
 * Shapes: x any for a weight of one element, x [N, C, …] for a weight [C] -> the shape of x
 * Throws: ShapeError if the weight has more than one axis, or has neither one element nor one per channel
 * Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 1; torch.nn.functional.prelu
 */
export const prelu = operation("prelu", [input, factor], (x: Tensor, weight: Tensor) => {
  const channels = weight.size;
  if (weight.ndim > 1 || (channels !== 1 && (x.ndim < 2 || x.shape[1] !== channels))) {
    throw new ShapeError(
      "prelu",
      `got x ${formatShape(x.shape)} and the weight ${formatShape(weight.shape)}; expected a weight of one element, or x [N, C, …] and a weight [C]`,
    );
  }
  const further = channels === 1 ? [] : [channels, ...x.shape.slice(2).map(() => 1)];
  return where(greater(x, 0), x, mul(x, reshape(weight, further)));
}) as <S extends Shape>(x: Tensor<S>, weight: Tensor) => Tensor<S>;

export interface ELUOptions {
  /** The a of the formula: y approaches −a as x approaches −∞. Default: 1. */
  readonly alpha?: number;
}

/**
 * `x` where x is positive and `a · (eˣ − 1)` elsewhere; the gradient at 0 is a.
 *
 * Source: Clevert et al., "Exponential Linear Units", 2015, eq. 14; torch.nn.functional.elu
 */
export const elu = operation("elu", [input, ["alpha"]], (x: Tensor, { alpha = 1 }: ELUOptions) => {
  const negative = less(x, 0);
  // At 0 the slope is a, and the second derivative 0.
  const upper = alpha === 1 ? x : where(equal(x, 0), mul(x, alpha), x);
  // Prevent overflow in the branch that is not selected: its gradient would be 0 · ∞, which is NaN.
  return where(negative, mul(expm1(where(negative, x, 0)), alpha), upper);
}) as <S extends Shape>(x: Tensor<S>, options?: ELUOptions) => Tensor<S>;

// The fixed point of the paper's equations 4 and 5 for mean 0 and variance 1.
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/**
 * `λ · x` where x is positive and `λ · α · (eˣ − 1)` elsewhere. α ≈ 1.67 and λ ≈ 1.05 preserve mean 0 and variance 1 from
 * layer to layer. The gradient at 0 is λ · α.
 *
 * Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017, eq. 2; torch.nn.functional.selu
 */
export const selu = operation("selu", [input], (x: Tensor) => {
  return mul(elu(x, { alpha: seluAlpha }), seluScale);
}) as Unary;

/**
 * `x · tanh(ln(1 + eˣ))`
 *
 * Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019; torch.nn.functional.mish
 */
export const mish = operation("mish", [input], (x: Tensor) => {
  return mul(x, tanh(softplus(x)));
}) as Unary;

export interface HardtanhOptions {
  /** The smallest output. Default: −1. */
  readonly min?: number;
  /** The largest output. Default: 1. */
  readonly max?: number;
}

/**
 * `min(max(x, a), b)` with the bounds a and b. The gradient at the bounds is 0, as in PyTorch; that of `clamp` is 1.
 *
 * Throws: ArgumentError unless min is below max
 * Source: torch.nn.functional.hardtanh
 */
export const hardtanh = operation(
  "hardtanh",
  [input, ["min", "max"]],
  (x: Tensor, { min = -1, max = 1 }: HardtanhOptions) => {
    if (!(min < max)) {
      throw new ArgumentError("hardtanh", `got min ${min} and max ${max}; expected min below max`);
    }
    return where(lessEqual(x, min), min, where(greaterEqual(x, max), max, x));
  },
) as <S extends Shape>(x: Tensor<S>, options?: HardtanhOptions) => Tensor<S>;
