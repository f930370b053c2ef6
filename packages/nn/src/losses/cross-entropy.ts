import {
  ArgumentError,
  DTypeError,
  formatShape,
  sameShape,
  ShapeError,
  type Tensor,
  where,
} from "@stargrad/tensor";
import {
  expectOptions,
  fraction,
  given,
  input,
  integer,
  operation,
  tensorLike,
  toIndices,
  toTensor,
} from "@stargrad/tensor/internal";
import { expectFloat, expectShape } from "../shapes.js";
import { checkClasses, checkClassWeight, classAxis, classesLastHint, pickClasses } from "./class-indices.js";
import { reduceLoss, type LossOptions, reductionKind } from "./reduction.js";

export interface CrossEntropyOptions extends LossOptions {
  /** A factor for each class, [C]. Default: 1. */
  readonly weight?: Tensor;
  /** The fraction of the target that is distributed evenly over all classes, 0 to 1. Default: 0. */
  readonly labelSmoothing?: number;
  /** Items of this class have no loss; the class stays in the softmax. Only for class indices. Default: −100. */
  readonly ignoreIndex?: number;
}

/**
 * The negative log-likelihood of the target under the predicted probabilities `p = softmax(logits)`:
 *
 * - for a class index t, `(1 − ε) · w[t] · −ln p[t] + ε/C · Σ w[c] · −ln p[c]`
 * - for probabilities t, `Σ w[c] · ((1 − ε) · t[c] + ε/C) · −ln p[c]`
 *
 * with class weights w and label smoothing ε. The mean over class indices divides by the sum of `w[t]` over the items that
 * are not ignored, and is NaN if there are none; the mean over probabilities divides by the number of items.
 *
 * Shapes: logits [N, C, …] or [C]; target as class indices (int32) [N, …] or [], as probabilities (float) the shape of
 *         logits; weight [C] -> [], or [N, …] for reduction `"none"`
 * Defaults: reduction `"mean"`, labelSmoothing 0, ignoreIndex −100
 * Throws: ShapeError if the shapes do not fit; IndexError if a class is neither below C nor ignored; DTypeError or
 *         ArgumentError if a type or an option does not fit
 * Source: torch.nn.functional.cross_entropy
 */
export const crossEntropy = /* @__PURE__ */ operation(
  "crossEntropy",
  [input, given, given],
  (logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor => {
    expectOptions<CrossEntropyOptions>("crossEntropy", options, {
      reduction: reductionKind,
      weight: tensorLike,
      labelSmoothing: fraction,
      ignoreIndex: integer,
    });
    expectFloat("crossEntropy", logits);
    expectShape("crossEntropy", logits, logits.ndim >= 1, "logits [N, C, …] or [C]");
    checkClassWeight("crossEntropy", options.weight, logits.shape[classAxis(logits)]);
    const known = targetOf(target, logits);
    return known.dtype === "int32"
      ? againstIndices(logits, known, options)
      : againstProbabilities(logits, known, options);
  },
);

/** The tensor that a target stands for. An array of fewer axes than the logits contains class indices, any other probabilities. */
function targetOf(target: unknown, logits: Tensor): Tensor {
  let [first, axes] = [target, ArrayBuffer.isView(target) ? 1 : 0];
  for (; Array.isArray(first) && axes < logits.ndim; axes++) first = first[0] as unknown;
  return axes < logits.ndim ? toIndices("crossEntropy", target) : toTensor("crossEntropy", target, logits);
}

function againstIndices(logits: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { weight, labelSmoothing = 0, ignoreIndex = -100, reduction } = options;
  const axis = classAxis(logits);
  const classes = logits.shape[axis];
  checkTarget(target, logits, "class indices");
  checkClasses("crossEntropy", target, classes, ignoreIndex);

  const negativeLog = logits.logSoftmax({ axis }).neg(); // [N, C, …]
  const exact = pickClasses(negativeLog, target, {
    ignoreIndex,
    ...(weight === undefined ? {} : { weight }),
  });
  const losses =
    labelSmoothing === 0
      ? exact.picked
      : exact.picked.mul(1 - labelSmoothing).add(
          perClass(negativeLog, weight)
            .sum({ axis })
            .mul(labelSmoothing / classes),
        );
  return reduceLoss(where(exact.counted, losses, 0), reduction, exact.weights.sum());
}

function againstProbabilities(logits: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { weight, labelSmoothing = 0, ignoreIndex, reduction } = options;
  const axis = classAxis(logits);
  checkTarget(target, logits, "probabilities");
  if (ignoreIndex !== undefined) {
    throw new ArgumentError("crossEntropy", "got ignoreIndex with probabilities; expected class indices");
  }
  const smoothed =
    labelSmoothing === 0 ? target : target.mul(1 - labelSmoothing).add(labelSmoothing / logits.shape[axis]);
  const negativeLog = logits.logSoftmax({ axis }).neg(); // [N, C, …]
  return reduceLoss(perClass(negativeLog, weight).mul(smoothed).sum({ axis }), reduction);
}

/** Multiplies by the weight of each class. */
function perClass(losses: Tensor, weight: Tensor | undefined): Tensor {
  if (weight === undefined) return losses;
  const further = losses.shape.slice(classAxis(losses) + 1);
  return losses.mul(weight.reshape([weight.size, ...further.map(() => 1)]));
}

function checkTarget(target: Tensor, logits: Tensor, kind: "class indices" | "probabilities"): void {
  if (target.dtype === "bool") {
    throw new DTypeError(
      "crossEntropy",
      "got a target of bool; expected int32 class indices or float probabilities",
    );
  }
  const expected = logits.shape.filter((_, axis) => kind === "probabilities" || axis !== classAxis(logits));
  if (sameShape(target.shape, expected)) return;
  throw new ShapeError(
    "crossEntropy",
    `got the logits ${formatShape(logits.shape)} and ${kind} ${formatShape(target.shape)}; expected ${kind} ${formatShape(expected)}`,
    kind === "probabilities"
      ? 'Class indices have to be int32: target.cast("int32")'
      : classesLastHint(logits, target),
  );
}
