import type { Tensor } from "@stargrad/tensor";
import { expectBroadcast, expectFloat, expectSameShape } from "../shapes.js";
import { reduceLoss, type LossOptions } from "./reduction.js";

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor on the loss of each element. Default: 1. */
  readonly weight?: Tensor;
  /** A factor on the target's share of the loss: above 1, missing what is true costs more. Default: 1. */
  readonly posWeight?: Tensor;
}

/**
 * The cross entropy of yes-or-no predictions given as logits, `−w · (p · t · ln σ(x) + (1 − t) · ln(1 − σ(x)))` with
 * logits x, targets t from 0 to 1, weight w and posWeight p.
 *
 * Shapes: logits and target of one shape; weight and posWeight broadcast to it -> [], or that shape for `"none"`
 * Defaults: reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes of logits and target differ or a weight does not broadcast to them
 * Source: torch.nn.functional.binary_cross_entropy_with_logits
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  target: Tensor,
  { weight, posWeight, reduction = "mean" }: BinaryCrossEntropyOptions = {},
): Tensor {
  const called = "binaryCrossEntropyWithLogits";
  expectFloat(called, logits);
  expectSameShape(called, logits, target);
  if (weight !== undefined) expectBroadcast(called, "weight", weight, logits);
  if (posWeight !== undefined) expectBroadcast(called, "posWeight", posWeight, logits);

  // −ln σ(x) is softplus(−x) and −ln(1 − σ(x)) is softplus(x), which no logit makes infinite.
  const missed = target.mul(logits.neg().softplus());
  const invented = target.neg().add(1).mul(logits.softplus());
  const losses = (posWeight === undefined ? missed : missed.mul(posWeight)).add(invented);
  return reduceLoss(called, weight === undefined ? losses : losses.mul(weight), reduction);
}
