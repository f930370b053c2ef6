import type { Tensor } from "@stargrad/tensor";
import {
  expectOptions,
  factor,
  finite,
  flag,
  given,
  input,
  type Kind,
  operation,
} from "@stargrad/tensor/internal";
import { expectVectors } from "./pairs.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

export interface TripletMarginOptions extends LossOptions {
  /** The difference between the distances of the negative and the positive from which there is no loss, more than 0. Default: 1. */
  readonly margin?: number;
  /** The order of the norm that measures distance. Default: 2. */
  readonly order?: number;
  /** Added to each difference, so that the norm of equal vectors has a gradient. Default: 1e-6. */
  readonly epsilon?: number;
  /** Whether the negative's distance from the positive is used if it is smaller than that from the anchor. Default: false. */
  readonly swap?: boolean;
}

/** Infinity too, which is the order of the largest difference. */
const aboveZero: Kind = ["a number above 0", (value) => typeof value === "number" && value > 0];

/**
 * The loss of an anchor a, a positive p and a negative n, `max(0, margin + d(a, p) − d(a, n))`, with the distance
 * `d(x, y) = ‖x − y + ε‖`; with swap, `min(d(a, n), d(p, n))` instead of `d(a, n)`.
 *
 * Shapes: anchor, positive and negative [N, D] or [D] -> [], or [N] or [] for reduction `"none"`
 * Defaults: margin 1, order 2, epsilon 1e-6, no swap, reduction `"mean"`
 * Throws: ShapeError if the shapes differ; ArgumentError unless margin and order are more than 0
 * Source: Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses", 2016;
 *         torch.nn.functional.triplet_margin_loss
 */
export const tripletMarginLoss = /* @__PURE__ */ operation(
  "tripletMarginLoss",
  [input, factor, factor, given],
  (anchor: Tensor, positive: Tensor, negative: Tensor, options: TripletMarginOptions = {}): Tensor => {
    expectOptions<TripletMarginOptions>("tripletMarginLoss", options, {
      margin: aboveZero,
      order: aboveZero,
      epsilon: finite,
      swap: flag,
      reduction: reductionKind,
    });
    const { margin = 1, order = 2, epsilon = 1e-6, swap = false, reduction = "mean" } = options;
    expectVectors("tripletMarginLoss", anchor, positive, negative);
    const distance = (x: Tensor, y: Tensor): Tensor => x.sub(y).add(epsilon).norm({ axis: -1, order });
    const near = distance(anchor, positive);
    const far = distance(anchor, negative);
    const farthest = swap ? far.minimum(distance(positive, negative)) : far;
    return reduceLoss(near.sub(farthest).add(margin).clamp({ min: 0 }), reduction);
  },
);
