import { customFunction } from "@stargrad/autograd";
import { ArgumentError, knownData, type Tensor } from "@stargrad/tensor";
import { expectOptions, factor, given, input, operation, tensorLike } from "@stargrad/tensor/internal";
import { expectBroadcast, expectFloat, expectSameShape } from "../shapes.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

export interface WeightedLossOptions extends LossOptions {
  /** A factor on the loss of each element. Default: 1. */
  readonly weight?: Tensor;
}

export interface BinaryCrossEntropyOptions extends WeightedLossOptions {
  /** A factor on the loss of positive targets; values above 1 increase recall. Default: 1. */
  readonly posWeight?: Tensor;
}

/**
 * The cross entropy of binary predictions given as logits, `−w · (p · t · ln σ(x) + (1 − t) · ln(1 − σ(x)))` with
 * logits x, targets t from 0 to 1, weight w and posWeight p.
 *
 * Shapes: logits and target of one shape; weight and posWeight broadcast to it -> [], or that shape for `"none"`
 * Defaults: reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes of logits and target differ or a weight does not broadcast to them
 * Source: torch.nn.functional.binary_cross_entropy_with_logits
 */
export const binaryCrossEntropyWithLogits = /* @__PURE__ */ operation(
  "binaryCrossEntropyWithLogits",
  [input, factor, given],
  (logits: Tensor, target: Tensor, options: BinaryCrossEntropyOptions = {}): Tensor => {
    expectOptions<BinaryCrossEntropyOptions>("binaryCrossEntropyWithLogits", options, {
      reduction: reductionKind,
      weight: tensorLike,
      posWeight: tensorLike,
    });
    const { weight, posWeight, reduction = "mean" } = options;
    const called = "binaryCrossEntropyWithLogits";
    expectFloat(called, logits);
    expectSameShape(called, logits, target);
    if (weight !== undefined) expectBroadcast(called, "weight", weight, logits);
    if (posWeight !== undefined) expectBroadcast(called, "posWeight", posWeight, logits);

    // −ln σ(x) is softplus(−x) and −ln(1 − σ(x)) is softplus(x); softplus is finite for every finite logit.
    const positive = target.mul(logits.neg().softplus());
    const negative = target.neg().add(1).mul(logits.softplus());
    const losses = (posWeight === undefined ? positive : positive.mul(posWeight)).add(negative);
    return reduceLoss(weight === undefined ? losses : losses.mul(weight), reduction);
  },
);

/**
 * The cross entropy of binary predictions given as probabilities, `−w · (t · ln p + (1 − t) · ln(1 − p))` with
 * probabilities p, targets t from 0 to 1 and weight w. Logarithms are clamped to at least −100, so a certain and wrong
 * prediction has a finite loss; its gradient is at most 10¹². If logits are available, `binaryCrossEntropyWithLogits` is more
 * precise.
 *
 * Shapes: probabilities and target of one shape; weight broadcasts to it -> [], or that shape for `"none"`
 * Defaults: reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes of probabilities and target differ or the weight does not broadcast to them;
 *         ArgumentError if a probability whose value is known is outside 0 to 1
 * Source: torch.nn.functional.binary_cross_entropy
 */
export const binaryCrossEntropy = /* @__PURE__ */ operation(
  "binaryCrossEntropy",
  [input, factor, given],
  (probabilities: Tensor, target: Tensor, options: WeightedLossOptions = {}): Tensor => {
    expectOptions<WeightedLossOptions>("binaryCrossEntropy", options, {
      reduction: reductionKind,
      weight: tensorLike,
    });
    const { weight, reduction = "mean" } = options;
    const called = "binaryCrossEntropy";
    expectFloat(called, probabilities);
    expectSameShape(called, probabilities, target);
    if (weight !== undefined) expectBroadcast(called, "weight", weight, probabilities);
    checkProbabilities(called, probabilities);
    const losses = boundedCrossEntropy(probabilities, target.cast(probabilities.dtype));
    return reduceLoss(weight === undefined ? losses : losses.mul(weight), reduction);
  },
);

/** A custom function, because the gradient of the clamped formula is 0 or NaN for certain and wrong predictions. */
const boundedCrossEntropy = customFunction(
  (p: Tensor, t: Tensor) => {
    const positive = t.mul(p.log().clamp({ min: -100 }));
    const negative = t
      .neg()
      .add(1)
      .mul(p.neg().log1p().clamp({ min: -100 }));
    return positive.add(negative).neg();
  },
  (g, [p, t]) => {
    const slope = p.sub(t).div(p.neg().add(1).mul(p).clamp({ min: 1e-12 }));
    return [g.mul(slope), g.mul(p.neg().log1p().sub(p.log()))];
  },
);

/** Checks probabilities whose values are already materialized; for others the logarithm returns NaN. */
function checkProbabilities(called: string, probabilities: Tensor): void {
  const outside = knownData(probabilities)?.find((value) => value < 0 || value > 1);
  if (outside === undefined) return;
  throw new ArgumentError(
    called,
    `got the probability ${outside}; expected 0 to 1`,
    "Use binaryCrossEntropyWithLogits for logits",
  );
}
