import { l1Loss, mseLoss } from "@stargrad/nn";
import { concat, full, type Tensor } from "@stargrad/tensor";
import { input, operation, widestFloat } from "@stargrad/tensor/internal";

import { EpochMetric } from "./metrics.js";

/**
 * The mean squared error `mean (ŷ − y)²`.
 *
 * Shapes: output and target of one shape -> []
 * Throws: ShapeError if they differ
 */
export const mse = /* @__PURE__ */ operation(
  "mse",
  [input, input],
  (output: Tensor, target: Tensor): Tensor => mseLoss(output, target),
);

/**
 * The mean absolute error `mean |ŷ − y|`.
 *
 * Shapes: output and target of one shape -> []
 * Throws: ShapeError if they differ
 */
export const mae = /* @__PURE__ */ operation(
  "mae",
  [input, input],
  (output: Tensor, target: Tensor): Tensor => l1Loss(output, target),
);

/**
 * A metric: the coefficient of determination `1 − Σ (y − ŷ)² / Σ (y − ȳ)²`, and with several outputs the mean of theirs. Targets that are
 * all equal have the value 1 if all outputs are right, otherwise 0.
 *
 * Shapes: output and target of one shape, [N] or [N, K]
 * Source: sklearn.metrics.r2_score; Chan, Golub & LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979
 */
export const r2: EpochMetric = /* @__PURE__ */ new EpochMetric({
  statistics: (output: Tensor, target: Tensor) => moments(output, target),
  add: addMoments,
  value: (kept) => {
    const columns = kept.length / 4;
    if (columns === 0 || kept[0] === 0) return NaN;
    let sum = 0;
    for (let i = 0; i < columns; i++) {
      const [deviation, error] = [kept[2 * columns + i], kept[3 * columns + i]];
      sum += deviation === 0 ? Number(error === 0) : 1 - error / deviation;
    }
    return sum / columns;
  },
});

/** For each output: the number of items, the mean of the targets, the squares of their deviations, and those of the errors. */
const moments = /* @__PURE__ */ operation("r2", [input, input], (output: Tensor, target: Tensor): Tensor => {
  // Checks the shapes.
  mseLoss(output, target);
  const dtype = widestFloat();
  const items = target.shape[0] ?? 1;
  const [y, predicted] = [target, output].map((each) => each.cast(dtype).reshape([items, -1]));
  const mean = y.mean({ axis: 0 });
  const squares = (x: Tensor): Tensor => x.square().sum({ axis: 0 });
  return concat([full(mean.shape, items, { dtype }), mean, squares(y.sub(mean)), squares(y.sub(predicted))]);
});

/** Joins the moments of two sets of items: the difference of their means is a part of the deviation of both together. */
function addMoments(kept: number[], batch: ArrayLike<number>): void {
  const columns = batch.length / 4;
  if (batch[0] === 0) return;
  if (kept.length === 0) {
    kept.push(...Array.from(batch));
    return;
  }
  for (let i = 0; i < columns; i++) {
    const [n, mean, deviation, error] = [0, 1, 2, 3].map((row) => row * columns + i);
    const [before, added] = [kept[n], batch[n]];
    const difference = batch[mean] - kept[mean];
    kept[n] = before + added;
    kept[mean] += (difference * added) / kept[n];
    kept[deviation] += batch[deviation] + (difference ** 2 * before * added) / kept[n];
    kept[error] += batch[error];
  }
}
