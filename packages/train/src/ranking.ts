import { formatShape } from "@stargrad/graph";
import { ArgumentError, ShapeError, stack, type Tensor } from "@stargrad/tensor";
import { indices, input, operation, widestFloat } from "@stargrad/tensor/internal";

import { ignored } from "./classification.js";
import { EpochMetric } from "./metrics.js";

/** The number of items of each class with one score, from the largest score to the smallest. */
type Tie = readonly [positive: number, negative: number];

/**
 * A metric of two classes: the area under the receiver operating characteristic, which is the probability that an item of class 1 has a larger
 * score than one of class 0; equal scores count as one half. All scores of an epoch are kept. Items with the target −100 are
 * ignored. NaN if a class does not occur, or a score is NaN.
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
 * A metric of two classes: the mean of the precisions at all thresholds, each weighted by the increase of the recall: `Σ (Rₙ − Rₙ₋₁) Pₙ`. All
 * scores of an epoch are kept. Items with the target −100 are ignored. NaN if class 1 does not occur (0 in scikit-learn), or a score is NaN.
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
function ofScores(called: string, valueOf: (ties: readonly Tie[]) => number): EpochMetric {
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

function tiesOf(kept: readonly number[]): Tie[] {
  const order = Array.from({ length: kept.length / 2 }, (_, i) => 2 * i).sort(
    (a, b) => kept[b] - kept[a] || 0,
  );
  const ties: [number, number][] = [];
  for (const [place, at] of order.entries()) {
    if (place === 0 || kept[at] !== kept[order[place - 1]]) ties.push([0, 0]);
    ties[ties.length - 1][kept[at + 1] === 1 ? 0 : 1]++;
  }
  return ties;
}
