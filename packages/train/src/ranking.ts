import { formatShape } from "@stargrad/graph";
import { ArgumentError, ShapeError, stack, type Tensor } from "@stargrad/tensor";
import { indices, input, operation, widestFloat } from "@stargrad/tensor/internal";

import { ignored } from "./classification.js";
import { EpochMetric } from "./metrics.js";

/** The number of items of each class with one score, from the largest score to the smallest. */
type Tie = readonly [positive: number, negative: number];

/**
 * A metric of two classes: the area under the receiver operating characteristic, which is the probability that an item of class 1 has a larger
 * score than one of class 0; equal scores count as one half. Items with the target −100 are ignored. NaN if a class does not occur, or a score is
 * NaN.
 *
 * Memory: 16 bytes for each item of an epoch, and 8 more while the value is computed. The area is exact, and any two scores may turn out to be
 * neighbours, so none of them can be left out.
 *
 * Shapes: scores [N] or [N, 1], such as logits or probabilities, or logits [N, 2]; target [N] int32
 * Source: Hanley & McNeil, "The Meaning and Use of the Area under a ROC Curve", 1982; sklearn.metrics.roc_auc_score
 */
export const rocAuc: EpochMetric = /* @__PURE__ */ ofScores("rocAuc", (ties) => {
  let [positive, negative, area] = [0, 0, 0];
  for (const [p, n] of ties) {
    area += n * (positive + p / 2);
    [positive, negative] = [positive + p, negative + n];
  }
  return area / (positive * negative);
});

/**
 * A metric of two classes: the mean of the precisions at all thresholds, each weighted by the increase of the recall: `Σ (Rₙ − Rₙ₋₁) Pₙ`. Items
 * with the target −100 are ignored. NaN if class 1 does not occur (0 in scikit-learn), or a score is NaN.
 *
 * Memory: as of `rocAuc`
 *
 * Shapes: scores [N] or [N, 1], such as logits or probabilities, or logits [N, 2]; target [N] int32
 * Source: sklearn.metrics.average_precision_score
 */
export const averagePrecision: EpochMetric = /* @__PURE__ */ ofScores("averagePrecision", (ties) => {
  let [positive, all, sum] = [0, 0, 0];
  for (const [p, n] of ties) {
    [positive, all] = [positive + p, all + p + n];
    sum += p * (positive / all);
  }
  return sum / positive;
});

/** A metric of scores in their order. It keeps the score and the target of every item that is not ignored. */
function ofScores(called: string, valueOf: (ties: Iterable<Tie>) => number): EpochMetric {
  const rows = operation(called, [input, indices], (output: Tensor, target: Tensor): Tensor => {
    const scores = scoresOf(called, output.cast(widestFloat()), target);
    return stack([scores, target.reshape(scores.shape).cast(scores.dtype)], { axis: 1 });
  });
  return new EpochMetric({
    statistics: (output, target) => rows(output, target),
    add: (kept, statistics) => {
      for (let i = 0; i < statistics.length; i += 2) {
        const [score, label] = [statistics[i], statistics[i + 1]];
        if (label === ignored) continue;
        if (label !== 0 && label !== 1)
          throw new ArgumentError(called, `a target is ${label}; expected 0 or 1`);
        kept.push(score, label);
      }
    },
    value: (kept) => (kept.some(Number.isNaN) ? NaN : valueOf(tiesOf(kept))),
  });
}

function scoresOf(called: string, output: Tensor, target: Tensor): Tensor {
  const [items, columns = 1] = output.shape;
  if (output.ndim > 2 || columns > 2 || target.size !== items) {
    throw new ShapeError(
      called,
      `got scores ${formatShape(output.shape)} and target ${formatShape(target.shape)}; expected [N], [N, 1] or [N, 2], and [N]`,
      "For several classes, compare one of them with all others",
    );
  }
  if (columns === 1) return output.reshape([items]);
  return output
    .narrow(1, 1, 1)
    .sub(output.narrow(1, 0, 1))
    .reshape([items]);
}

/** One at a time, so that they need no memory of their own. */
function* tiesOf(kept: readonly number[]): Generator<Tie> {
  const [negatives, positives] = [scoresWith(0, kept), scoresWith(1, kept)];
  let [n, p] = [negatives.length, positives.length];
  while (n + p > 0) {
    const largest = Math.max(n > 0 ? negatives[n - 1] : -Infinity, p > 0 ? positives[p - 1] : -Infinity);
    const before: Tie = [p, n];
    while (n > 0 && negatives[n - 1] === largest) n--;
    while (p > 0 && positives[p - 1] === largest) p--;
    yield [before[0] - p, before[1] - n];
  }
}

/** The scores of one class, from the smallest to the largest. */
function scoresWith(label: number, kept: readonly number[]): Float64Array {
  let count = 0;
  for (let i = 1; i < kept.length; i += 2) count += Number(kept[i] === label);
  const scores = new Float64Array(count);
  for (let i = 1; i < kept.length; i += 2) if (kept[i] === label) scores[--count] = kept[i - 1];
  return scores.sort();
}
