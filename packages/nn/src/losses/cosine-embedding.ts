import { formatShape, sameShape, ShapeError, type Tensor, where } from "@stargrad/tensor";
import { expectOptions, factor, finite, given, input, operation } from "@stargrad/tensor/internal";
import { checkSigns, expectVectors } from "./pairs.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

export interface CosineEmbeddingOptions extends LossOptions {
  /** The largest cosine similarity of a dissimilar pair that has no loss, −1 to 1. Default: 0. */
  readonly margin?: number;
}

/**
 * The loss of similar (t = 1) and dissimilar (t = −1) pairs of vectors: `1 − cos(a, b)` for t = 1, `max(0, cos(a, b) −
 * margin)` for t = −1, with `cos(a, b) = a·b / √((a·a + ε)(b·b + ε))` and ε = 10⁻¹², so that the cosine of a zero vector is 0.
 *
 * Shapes: a and b [N, D] or [D]; target [N] or [], of 1 and −1 -> [], or the target's shape for reduction `"none"`
 * Defaults: margin 0, reduction `"mean"`
 * Throws: ShapeError if the shapes do not fit; ArgumentError if a target whose value is known is neither 1 nor −1
 * Source: torch.nn.functional.cosine_embedding_loss
 */
export const cosineEmbeddingLoss = /* @__PURE__ */ operation(
  "cosineEmbeddingLoss",
  [input, factor, factor, given],
  (a: Tensor, b: Tensor, target: Tensor, options: CosineEmbeddingOptions = {}): Tensor => {
    expectOptions<CosineEmbeddingOptions>("cosineEmbeddingLoss", options, {
      margin: finite,
      reduction: reductionKind,
    });
    const { margin = 0, reduction = "mean" } = options;
    expectVectors("cosineEmbeddingLoss", a, b);
    const items = a.shape.slice(0, -1);
    if (!sameShape(target.shape, items)) {
      throw new ShapeError(
        "cosineEmbeddingLoss",
        `got the vectors ${formatShape(a.shape)} and the target ${formatShape(target.shape)}; expected the target ${formatShape(items)}`,
      );
    }
    checkSigns("cosineEmbeddingLoss", target);
    const cosine = cosineOf(a, b);
    const losses = where(target.equal(1), cosine.neg().add(1), cosine.sub(margin).clamp({ min: 0 }));
    return reduceLoss(losses, reduction);
  },
);

function cosineOf(a: Tensor, b: Tensor): Tensor {
  const dot = (x: Tensor, y: Tensor): Tensor => x.mul(y).sum({ axis: -1 });
  const epsilon = 1e-12;
  return dot(a, b).div(dot(a, a).add(epsilon).mul(dot(b, b).add(epsilon)).sqrt());
}
