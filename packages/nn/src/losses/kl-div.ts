import { where, type Tensor } from "@stargrad/tensor";
import { expectOptions, factor, flag, given, input, oneOf, operation } from "@stargrad/tensor/internal";
import { expectFloat, expectSameShape, expectShape } from "../shapes.js";
import { reduceLoss, type Reduction } from "./reduction.js";

export interface KlDivOptions {
  /** `"batchmean"` is the sum divided by the length of the first axis: the divergence per item. Default: `"mean"`. */
  readonly reduction?: Reduction | "batchmean";
  /** Whether the target consists of log-probabilities, as the prediction. Default: false. */
  readonly logTarget?: boolean;
}

const klReduction = /* @__PURE__ */ oneOf("none", "mean", "batchmean", "sum");

/**
 * The elements of the Kullback-Leibler divergence of a prediction from a target: `t · (ln t − x)` with log-probabilities x
 * and probabilities t, 0 where t is 0; for logTarget `eᵗ · (t − x)`. Their sum over a distribution is the divergence, which
 * `"batchmean"` averages over the batch; `"mean"` divides by the number of elements.
 *
 * Shapes: log-probabilities and target of one shape -> [], or their shape for reduction `"none"`
 * Defaults: reduction `"mean"`, logTarget false
 * Throws: ShapeError if the shapes differ; nothing is broadcast. ArgumentError if the reduction is unknown
 * Source: Kullback & Leibler, "On Information and Sufficiency", 1951; torch.nn.functional.kl_div
 */
export const klDivLoss = /* @__PURE__ */ operation(
  "klDivLoss",
  [input, factor, given],
  (logProbabilities: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor => {
    expectOptions<KlDivOptions>("klDivLoss", options, { reduction: klReduction, logTarget: flag });
    const { reduction = "mean", logTarget = false } = options;
    expectFloat("klDivLoss", logProbabilities);
    expectSameShape("klDivLoss", logProbabilities, target);
    const losses = logTarget
      ? target.exp().mul(target.sub(logProbabilities))
      : negativeEntropy(target).sub(target.mul(logProbabilities));
    if (reduction !== "batchmean") return reduceLoss(losses, reduction);
    expectShape("klDivLoss", losses, losses.ndim > 0, "[N, …] for the reduction batchmean");
    return reduceLoss(losses, "mean", losses.shape[0]);
  },
);

/** `t ln t`, and 0 at 0, where the plain formula 0 · −∞ is NaN. */
function negativeEntropy(t: Tensor): Tensor {
  return t.mul(where(t.equal(0), 1, t).log());
}
