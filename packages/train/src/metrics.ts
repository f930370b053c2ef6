import { formatShape } from "@stargrad/graph";
import { totalOf } from "@stargrad/nn/internal";
import { ShapeError, type Tensor } from "@stargrad/tensor";
import { callable, indices, input, operation, widestFloat, type Kind } from "@stargrad/tensor/internal";

import { RunningMean } from "./running-mean.js";

/** Computes a scalar from the outputs and targets of a batch, such as a loss or an accuracy. */
export type Metric = (output: Tensor, target: Tensor) => Tensor;

/** Metrics by their names in reports. */
export type Metrics<Name extends string> = Readonly<Record<Name, Metric>>;

export const metricsKind: Kind = [
  "metrics by name, such as { accuracy }",
  (value) => typeof value === "object" && value !== null && Object.values(value).every(callable[1]),
];

/** The values of metrics, by name. */
export type Figures<Name extends string> = Readonly<Record<Name, number>>;

/**
 * The fraction of items whose largest logit is that of the target class (the first one if several are equal). With one logit per item there are no
 * classes to compare: whether it is above 0 is then the prediction.
 *
 * Shapes: logits [N, C], target [N] int32 -> []
 * Throws: ShapeError for other shapes, or if C is below 2
 */
export const accuracy = /* @__PURE__ */ operation(
  "accuracy",
  [input, indices],
  (logits: Tensor, target: Tensor): Tensor => {
    if (logits.ndim !== 2 || target.ndim !== 1 || logits.shape[0] !== target.shape[0]) {
      throw new ShapeError(
        "accuracy",
        `got logits ${formatShape(logits.shape)} and target ${formatShape(target.shape)}; expected [N, C] and [N]`,
      );
    }
    if (logits.shape[1] < 2) {
      throw new ShapeError(
        "accuracy",
        `got logits ${formatShape(logits.shape)}; expected one for each of at least 2 classes`,
        'For one logit per item, use the metric (x, y) => x.squeeze(1).greater(0).equal(y).cast("float32").mean()',
      );
    }
    return logits.argmax({ axis: 1 }).equal(target).cast(widestFloat()).mean();
  },
);

/** Reads the values of scalar tensors. */
export async function readFigures<Name extends string>(
  scores: readonly (readonly [name: Name, score: Tensor])[],
): Promise<Figures<Name>> {
  const figures = await Promise.all(scores.map(async ([name, score]) => [name, await score.item()] as const));
  return Object.fromEntries(figures) as Figures<Name>;
}

/** Tensors by name, and the divisors of those that are means over some items of the batch (see `totalOf`). */
export function withTotals(scores: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>> {
  const totals = Object.entries(scores).flatMap(([name, score]) => {
    const total = totalOf(score);
    return total === undefined ? [] : [[totalPrefix + name, total] as const];
  });
  return { ...scores, ...(Object.fromEntries(totals) as Record<string, Tensor>) };
}

const totalPrefix = "total.";

/** The divisor of the loss in the values of `withTotals`, or the number of items. */
export function weightOf(figures: Figures<string>, items: number, name = "loss"): number {
  return figures[totalPrefix + name] ?? items;
}

/** The name of a metric in the results of a step, with a prefix, because a metric may be named `loss` too. */
export function keyOf(name: string): string {
  return `metrics.${name}`;
}

/** The sum of weighted values, and of their weights. */
export type Sums = readonly [sum: number, weight: number];

/** The means of several metrics over batches, each weighted by its divisor if it has one, otherwise by the size of the batch. */
export class RunningMeans<Name extends string> {
  readonly #means: Map<Name, RunningMean>;

  /** `sums`: those to begin with. Default: none */
  constructor(sums: Iterable<readonly [Name, Sums]> = []) {
    this.#means = new Map([...sums].map(([name, [sum, weight]]) => [name, new RunningMean(sum, weight)]));
  }

  /** Adds the values of `withTotals`. */
  add(figures: Figures<string>, batchSize: number): void {
    for (const [name, value] of Object.entries(figures) as [Name, number][]) {
      if (name.startsWith(totalPrefix)) continue;
      const mean = this.#means.get(name) ?? new RunningMean();
      mean.add(value, weightOf(figures, batchSize, name));
      this.#means.set(name, mean);
    }
  }

  get sums(): Map<Name, Sums> {
    return new Map([...this.#means].map(([name, mean]) => [name, mean.sums]));
  }

  get value(): Figures<Name> {
    return Object.fromEntries([...this.#means].map(([name, mean]) => [name, mean.value])) as Figures<Name>;
  }
}
