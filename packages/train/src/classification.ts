import { formatShape, isFloat } from "@stargrad/graph";
import { crossEntropy } from "@stargrad/nn";
import { checkClasses, reduceLoss } from "@stargrad/nn/internal";
import {
  arange,
  ArgumentError,
  check,
  concat,
  ShapeError,
  stack,
  type Tensor,
  where,
} from "@stargrad/tensor";
import {
  count,
  expectOptions,
  finite,
  indices,
  input,
  integer,
  oneOf,
  operation,
  widestFloat,
  type OptionKinds,
} from "@stargrad/tensor/internal";

import { EpochMetric, type Metric } from "./metrics.js";

/** The label of an item that does not count, as in `crossEntropy`. */
export const ignored = -100;

/**
 * The fraction of items whose largest logit is that of the target class (the first one if several are equal). Items with the target −100
 * are ignored. With one logit per item there are no classes to compare: whether it is above 0 is then the prediction.
 *
 * Shapes: logits [N, C] or [N, C, …], target [N] or [N, …] int32, as in `crossEntropy` -> []
 * Throws: ShapeError for other shapes, or if C is below 2; IndexError, or CheckError when the value is read, if a target is no class
 */
export const accuracy = /* @__PURE__ */ operation(
  "accuracy",
  [input, indices],
  (logits: Tensor, target: Tensor): Tensor => {
    expectClassAxis("accuracy", logits, target);
    return fractionOf("accuracy", logits.argmax({ axis: 1 }).equal(target), target, logits.shape[1]);
  },
);

/** The mean over items that are not ignored, as a loss with `ignoreIndex` has it. Throws: as `accuracy`, if a target is no class */
function fractionOf(called: string, correct: Tensor, target: Tensor, classes: number): Tensor {
  // The values that are known are named; the program that computes the others checks them.
  checkClasses(called, target, classes, ignored);
  const dtype = widestFloat();
  const counts = target.notEqual(ignored);
  const isIn = target.greaterEqual(0).logicalAnd(target.less(classes));
  const isClass = isFloat(target.dtype) ? isIn.logicalAnd(target.equal(target.floor())) : isIn;
  const isWrong = counts.logicalAnd(isClass.logicalNot());
  const checked = check(isWrong, { called, problems: [noClass(classes)] });
  const total = counts.cast(dtype).add(checked).sum();
  return reduceLoss(correct.logicalAnd(counts).cast(dtype), "mean", total);
}

export interface TopKAccuracyOptions {
  /** How many classes may be guessed. Default: 5. */
  readonly k?: number;
}

/**
 * A metric: the fraction of items whose target class is among the k largest logits. Of equal logits, the first class comes first. Items with
 * the target −100 are ignored.
 *
 * Shapes: logits [N, C], target [N] int32 -> []
 * Throws: ArgumentError if k is not a count; ShapeError for other shapes; as `accuracy`, if a target is no class
 * Source: torchmetrics.Accuracy(top_k)
 */
export function topKAccuracy(options: TopKAccuracyOptions = {}): Metric {
  expectOptions("topKAccuracy", options, { k: count });
  const { k = 5 } = options;
  return operation("topKAccuracy", [input, indices], (logits: Tensor, target: Tensor): Tensor => {
    expectLogits("topKAccuracy", logits, target);
    const classes = arange(0, logits.shape[1], 1, { dtype: "int32" });
    const label = target.unsqueeze(1);
    const own = where(classes.equal(label), logits, 0).sum({ axis: 1, keepDims: true });
    const before = logits.greater(own).logicalOr(logits.equal(own).logicalAnd(classes.less(label)));
    // NaN is larger than nothing, so the logit of the target has to be a number.
    const isAmong = before.cast("int32").sum({ axis: 1 }).less(k).logicalAnd(own.equal(own).squeeze(1));
    return fractionOf("topKAccuracy", isAmong, target, logits.shape[1]);
  });
}

/** Throws: ShapeError unless there are logits of several classes, and a target for each row */
function expectLogits(called: string, logits: Tensor, target: Tensor): void {
  if (logits.ndim !== 2 || target.ndim !== 1 || logits.shape[0] !== target.shape[0]) {
    throw new ShapeError(
      called,
      `got logits ${formatShape(logits.shape)} and target ${formatShape(target.shape)}; expected [N, C] and [N]`,
    );
  }
  if (logits.shape[1] < 2) {
    throw new ShapeError(
      called,
      `got logits ${formatShape(logits.shape)}; expected one for each of at least 2 classes`,
      'For one logit per item, use the metric (x, y) => x.squeeze(1).greater(0).equal(y).cast("float32").mean()',
    );
  }
}

/** Throws: ShapeError unless there are logits of several classes along axis 1, and a target for each of the other places */
function expectClassAxis(called: string, logits: Tensor, target: Tensor): void {
  const [items, , ...places] = logits.shape;
  if (logits.ndim <= 2) expectLogits(called, logits, target);
  else if (formatShape(target.shape) !== formatShape([items, ...places])) {
    throw new ShapeError(
      called,
      `got logits ${formatShape(logits.shape)} and target ${formatShape(target.shape)}; expected [N, C, …] and [N, …]`,
      "The classes are axis 1; move them there with x.permute([0, 2, 1])",
    );
  }
}

/** How the values of classes become one. */
export type Average = "binary" | "macro" | "micro";

export interface ClassMetricOptions {
  /**
   * `"binary"`: the value of class 1 of two classes. `"macro"`: the mean over the classes that occur in targets or predictions. `"micro"`: the
   * value of the sums over all classes. Default: `"binary"`.
   */
  readonly average?: Average;
  /** With one logit per item, the one above which class 1 is predicted; 0.5 for probabilities. Default: 0. */
  readonly threshold?: number;
  /** The target of items that do not count. Default: −100. */
  readonly ignoreIndex?: number;
}

const classKinds: OptionKinds<ClassMetricOptions> = {
  average: /* @__PURE__ */ oneOf("binary", "macro", "micro"),
  threshold: finite,
  ignoreIndex: integer,
};

/** The counts of one class: items of it that were predicted as it, that were predicted as it, and that are of it. */
type Counts = readonly [hits: number, predicted: number, actual: number];

/**
 * A metric: of the items that were predicted as a class, the fraction that are of it: `TP / (TP + FP)`; 0 if none was predicted.
 *
 * Shapes: logits [N, C], or [N] or [N, 1] for two classes; target [N] int32
 * Defaults: average "binary", threshold 0, ignoreIndex −100
 * Source: sklearn.metrics.precision_score
 */
export function precision(options: ClassMetricOptions = {}): EpochMetric {
  return ofCounts("precision", options, ([hits, predicted]) => ratio(hits, predicted));
}

/**
 * A metric: of the items of a class, the fraction that were predicted as it: `TP / (TP + FN)`; 0 if there is none.
 *
 * Shapes: logits [N, C], or [N] or [N, 1] for two classes; target [N] int32
 * Defaults: average "binary", threshold 0, ignoreIndex −100
 * Source: sklearn.metrics.recall_score
 */
export function recall(options: ClassMetricOptions = {}): EpochMetric {
  return ofCounts("recall", options, ([hits, , actual]) => ratio(hits, actual));
}

/**
 * A metric: the harmonic mean of precision and recall: `2 TP / (2 TP + FP + FN)`; 0 if there is nothing to divide by.
 *
 * Shapes: logits [N, C], or [N] or [N, 1] for two classes; target [N] int32
 * Defaults: average "binary", threshold 0, ignoreIndex −100
 * Source: sklearn.metrics.f1_score
 */
export function f1(options: ClassMetricOptions = {}): EpochMetric {
  return ofCounts("f1", options, ([hits, predicted, actual]) => ratio(2 * hits, predicted + actual));
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function ofCounts(
  called: string,
  options: ClassMetricOptions,
  valueOf: (counts: Counts) => number,
): EpochMetric {
  expectOptions(called, options, classKinds);
  const { average = "binary" } = options;
  const counts = operation(called, [input, indices], (output: Tensor, target: Tensor): Tensor => {
    const { labels, predicted } = rowsOf(called, output, target, options);
    const classes = labels.shape[1];
    if (average === "binary" && classes !== 2) {
      throw new ShapeError(called, `got ${classes} classes; expected 2`, 'Pass average: "macro" or "micro"');
    }
    return concat([labels.mul(predicted), predicted, labels].map((rows) => rows.sum({ axis: 0 })));
  });
  return new EpochMetric({
    statistics: (output, target) => counts(output, target),
    add: addElements,
    value: (kept) => {
      const classes = kept.length / 3;
      const all = Array.from({ length: classes }, (_, i): Counts => [
        kept[i],
        kept[classes + i],
        kept[2 * classes + i],
      ]);
      if (all.length === 0) return NaN;
      expectClasses(called, all, options);
      if (average === "binary") return valueOf(all[1]);
      if (average === "micro") {
        return valueOf(all.reduce((sum, each) => [sum[0] + each[0], sum[1] + each[1], sum[2] + each[2]]));
      }
      const values = all.filter(([, predicted, actual]) => predicted + actual > 0).map(valueOf);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    },
  });
}

/** Throws: ArgumentError if a target is no class: its item was predicted, and is of none */
function expectClasses(called: string, all: readonly Counts[], options: ClassMetricOptions): void {
  const missing = all.reduce((sum, [, predicted, actual]) => sum + predicted - actual, 0);
  if (missing === 0) return;
  throw new ArgumentError(called, noClass(all.length, options));
}

function noClass(classes: number, { ignoreIndex = ignored }: ClassMetricOptions = {}): string {
  return `a target is no class; expected 0 to ${classes - 1}, or ${ignoreIndex} for an item that does not count`;
}

/** Adds statistics that are sums. */
function addElements(kept: number[], statistics: ArrayLike<number>): void {
  if (kept.length > 0 && kept.length !== statistics.length) {
    throw new ArgumentError("EpochMetric", "got batches with different numbers of classes or outputs");
  }
  for (let i = 0; i < statistics.length; i++) kept[i] = (kept[i] ?? 0) + statistics[i];
}

/**
 * How often items of class i were predicted as class j, at [i, j]. The prediction is the class of the largest logit or, with one logit per
 * item, class 1 if it is above the threshold.
 *
 * Shapes: logits [N, C], or [N] or [N, 1] for two classes; target [N] int32 -> [C, C] int32
 * Defaults: threshold 0, ignoreIndex −100
 * Throws: ShapeError for other shapes; CheckError, when the matrix is read, if a target is no class
 * Source: sklearn.metrics.confusion_matrix
 */
export function confusionMatrix(
  output: Tensor,
  target: Tensor,
  options: Omit<ClassMetricOptions, "average"> = {},
): Tensor {
  const { average: _, ...kinds } = classKinds;
  expectOptions("confusionMatrix", options, kinds);
  const matrixOf = operation("confusionMatrix", [input, indices], (logits: Tensor, given: Tensor): Tensor => {
    const { labels, predicted } = rowsOf("confusionMatrix", logits, given, options);
    const matrix = labels.transpose(0, 1).matmul(predicted).cast("int32");
    // An item was predicted, and its target is no class.
    const isWrong = predicted.sum().notEqual(labels.sum());
    return matrix.add(
      check(isWrong, { called: "confusionMatrix", problems: [noClass(labels.shape[1], options)] }),
    );
  });
  return matrixOf(output, target);
}

/** Rows with 1 at the class of the target and of the prediction, and rows of 0 for items that do not count. */
function rowsOf(
  called: string,
  output: Tensor,
  target: Tensor,
  options: ClassMetricOptions,
): { readonly labels: Tensor; readonly predicted: Tensor } {
  const { threshold = 0, ignoreIndex = ignored } = options;
  const isSingle = output.ndim === 1 || (output.ndim === 2 && output.shape[1] === 1);
  const labels = target.ndim === 2 && target.shape[1] === 1 ? target.squeeze(1) : target;
  if (output.ndim < 1 || output.ndim > 2 || labels.ndim !== 1 || labels.shape[0] !== output.shape[0]) {
    throw new ShapeError(
      called,
      `got logits ${formatShape(output.shape)} and target ${formatShape(target.shape)}; expected [N, C], [N, 1] or [N], and [N]`,
    );
  }
  const classes = isSingle ? 2 : output.shape[1];
  const predicted = isSingle
    ? output.reshape([output.shape[0]]).greater(threshold).cast("int32")
    : output.argmax({ axis: 1 });
  const counts = labels.notEqual(ignoreIndex).cast(widestFloat()).unsqueeze(1);
  return { labels: hotRows(labels, classes).mul(counts), predicted: hotRows(predicted, classes).mul(counts) };
}

/** 1 at the class of each row, and 0 elsewhere. */
function hotRows(labels: Tensor, classes: number): Tensor {
  return labels
    .unsqueeze(1)
    .equal(arange(0, classes, 1, { dtype: "int32" }))
    .cast(widestFloat());
}

/**
 * A metric of language models: e to the mean cross entropy of the tokens, `exp(−Σ log p(tokenᵢ) / N)`. Items with the target −100 are ignored.
 *
 * Shapes: logits [N, C] or [N, C, …], target [N] or [N, …] int32, as in `crossEntropy`
 * Source: torchmetrics.text.Perplexity
 */
export const perplexity: EpochMetric = /* @__PURE__ */ new EpochMetric({
  statistics: (logits: Tensor, target: Tensor) => {
    const sum = crossEntropy(logits, target, { reduction: "sum" });
    return stack([sum, target.notEqual(ignored).cast(sum.dtype).sum()]);
  },
  add: addElements,
  value: ([sum, total]) => Math.exp(sum / total),
});
