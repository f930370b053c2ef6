import { formatShape, sameShape, ShapeError, type Tensor } from "@stargrad/tensor";
import {
  expectOptions,
  given,
  indices,
  input,
  integer,
  operation,
  tensorLike,
} from "@stargrad/tensor/internal";
import { expectFloat, expectIndices, expectShape } from "../shapes.js";
import { checkClasses, checkClassWeight, classAxis, classesLastHint, pickClasses } from "./class-indices.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

export interface NllOptions extends LossOptions {
  /** A factor for each class, [C]. Default: 1. */
  readonly weight?: Tensor;
  /** Items of this class have no loss. Default: −100. */
  readonly ignoreIndex?: number;
}

/**
 * The negative log-likelihood `−w[t] · x[t]` of the target class t under log-probabilities x, such as `logSoftmax`
 * returns, with class weights w. The mean divides by the sum of `w[t]` over the items that are not ignored, and is NaN if
 * there are none.
 *
 * Shapes: log-probabilities [N, C, …] or [C]; target (int32) [N, …] or []; weight [C] -> [], or [N, …] for reduction
 *         `"none"`
 * Defaults: reduction `"mean"`, ignoreIndex −100
 * Throws: ShapeError if the shapes do not fit; IndexError if a class is neither below C nor ignored; DTypeError if the
 *         target is not int32
 * Source: torch.nn.functional.nll_loss
 */
export const nllLoss = /* @__PURE__ */ operation(
  "nllLoss",
  [input, indices, given],
  (logProbabilities: Tensor, target: Tensor, options: NllOptions = {}): Tensor => {
    expectOptions<NllOptions>("nllLoss", options, {
      reduction: reductionKind,
      weight: tensorLike,
      ignoreIndex: integer,
    });
    const { ignoreIndex = -100, reduction, ...weights } = options;
    expectFloat("nllLoss", logProbabilities);
    expectShape(
      "nllLoss",
      logProbabilities,
      logProbabilities.ndim >= 1,
      "log-probabilities [N, C, …] or [C]",
    );
    const classes = logProbabilities.shape[classAxis(logProbabilities)];
    checkClassWeight("nllLoss", options.weight, classes);
    checkTarget(target, logProbabilities);
    checkClasses("nllLoss", target, classes, ignoreIndex);
    const counted = pickClasses(logProbabilities.neg(), target, { ignoreIndex, ...weights });
    return reduceLoss(counted.picked, reduction, counted.weights.sum());
  },
);

function checkTarget(target: Tensor, logProbabilities: Tensor): void {
  expectIndices("nllLoss", "a target", target);
  const expected = logProbabilities.shape.filter((_, axis) => axis !== classAxis(logProbabilities));
  if (sameShape(target.shape, expected)) return;
  throw new ShapeError(
    "nllLoss",
    `got the log-probabilities ${formatShape(logProbabilities.shape)} and class indices ${formatShape(target.shape)}; expected class indices ${formatShape(expected)}`,
    classesLastHint(logProbabilities, target),
  );
}
