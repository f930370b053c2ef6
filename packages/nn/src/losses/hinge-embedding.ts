import { where, type Tensor } from "@stargrad/tensor";
import { expectOptions, factor, finite, given, input, operation } from "@stargrad/tensor/internal";
import { expectFloat, expectSameShape } from "../shapes.js";
import { checkSigns } from "./pairs.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

export interface HingeEmbeddingOptions extends LossOptions {
  /** The distance from which a dissimilar pair has no loss. Default: 1. */
  readonly margin?: number;
}

/**
 * The loss of the distances x of similar (t = 1) and dissimilar (t = −1) pairs: `x` for t = 1, `max(0, margin − x)` for t = −1.
 *
 * Shapes: distances and target of one shape, the target of 1 and −1 -> [], or their shape for reduction `"none"`
 * Defaults: margin 1; reduction `"mean"`, over all elements
 * Throws: ShapeError if the shapes differ; ArgumentError if a target whose value is known is neither 1 nor −1
 * Source: torch.nn.functional.hinge_embedding_loss
 */
export const hingeEmbeddingLoss = /* @__PURE__ */ operation(
  "hingeEmbeddingLoss",
  [input, factor, given],
  (distances: Tensor, target: Tensor, options: HingeEmbeddingOptions = {}): Tensor => {
    expectOptions<HingeEmbeddingOptions>("hingeEmbeddingLoss", options, {
      margin: finite,
      reduction: reductionKind,
    });
    const { margin = 1, reduction = "mean" } = options;
    expectFloat("hingeEmbeddingLoss", distances);
    expectSameShape("hingeEmbeddingLoss", distances, target);
    checkSigns("hingeEmbeddingLoss", target);
    const losses = where(target.equal(1), distances, distances.neg().add(margin).clamp({ min: 0 }));
    return reduceLoss(losses, reduction);
  },
);
