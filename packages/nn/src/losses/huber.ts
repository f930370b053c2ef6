import type { Tensor } from "@stargrad/tensor";
import {
  expectOptions,
  factor,
  given,
  input,
  notNegative,
  operation,
  positive,
} from "@stargrad/tensor/internal";
import { expectFloat, expectSameShape } from "../shapes.js";
import { l1Loss } from "./l1.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

export interface HuberOptions extends LossOptions {
  /** The error at which the loss changes from quadratic to linear, more than 0. Default: 1. */
  readonly delta?: number;
}

export interface SmoothL1Options extends LossOptions {
  /** The error at which the loss changes from quadratic to linear; 0 is `l1Loss`. Default: 1. */
  readonly beta?: number;
}

/**
 * Quadratic for small errors and linear for large ones: `½ d²` for |d| ≤ δ, else `δ (|d| − ½ δ)`,
 * with d = prediction − target.
 *
 * Shapes: prediction and target of one shape -> [], or their shape for reduction `"none"`
 * Defaults: delta 1; reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes differ; nothing is broadcast. ArgumentError unless delta is more than 0
 * Source: Huber, "Robust Estimation of a Location Parameter", 1964; torch.nn.functional.huber_loss
 */
export const huberLoss = /* @__PURE__ */ operation(
  "huberLoss",
  [input, factor, given],
  (prediction: Tensor, target: Tensor, options: HuberOptions = {}): Tensor => {
    expectOptions<HuberOptions>("huberLoss", options, { delta: positive, reduction: reductionKind });
    const { delta = 1, reduction = "mean" } = options;
    expectFloat("huberLoss", prediction);
    expectSameShape("huberLoss", prediction, target);
    return reduceLoss(huber(prediction.sub(target), delta), reduction);
  },
);

/**
 * `huberLoss` with δ = β, divided by β: `½ d² / β` for |d| < β, else `|d| − ½ β`, with d = prediction − target. Its slope
 * beyond β is ±1 for every β.
 *
 * Shapes: prediction and target of one shape -> [], or their shape for reduction `"none"`
 * Defaults: beta 1; reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes differ; nothing is broadcast. ArgumentError if beta is negative
 * Source: Girshick, "Fast R-CNN", 2015, eq. 3; torch.nn.functional.smooth_l1_loss
 */
export const smoothL1Loss = /* @__PURE__ */ operation(
  "smoothL1Loss",
  [input, factor, given],
  (prediction: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor => {
    expectOptions<SmoothL1Options>("smoothL1Loss", options, { beta: notNegative, reduction: reductionKind });
    const { beta = 1, reduction = "mean" } = options;
    expectFloat("smoothL1Loss", prediction);
    expectSameShape("smoothL1Loss", prediction, target);
    if (beta === 0) return l1Loss(prediction, target, { reduction });
    return reduceLoss(huber(prediction.sub(target), beta).div(beta), reduction);
  },
);

/** `q (d − ½ q)`, with q = d clamped to ±δ. Selecting between the two formulas could overflow in the square of large errors. */
function huber(difference: Tensor, delta: number): Tensor {
  const clamped = difference.clamp({ min: -delta, max: delta });
  return clamped.mul(difference.sub(clamped.mul(0.5)));
}
