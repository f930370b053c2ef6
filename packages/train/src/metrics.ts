import { formatShape } from "@stargrad/graph";
import { ShapeError, type Tensor } from "@stargrad/tensor";
import {
  callable,
  expectOptions,
  expectValues,
  indices,
  input,
  operation,
  widestFloat,
  type Kind,
} from "@stargrad/tensor/internal";

/** Computes a scalar from the outputs and targets of a batch, such as a loss or an accuracy: a mean over the items of the batch. */
export type Metric<Output = Tensor, Target = Tensor> = (output: Output, target: Target) => Tensor;

/** How a metric that is not a mean over items is computed. */
export interface EpochMetricParts<Output, Target> {
  /** What is needed of a batch, as one tensor of float32 or float64: sums, or a row for each item. It is computed inside of a recording. */
  readonly statistics: (output: Output, target: Target) => Tensor;
  /** Adds the elements of the statistics of a batch to what is kept of those before; at first, nothing is kept. */
  readonly add: (kept: number[], statistics: ArrayLike<number>) => void;
  /** The metric of all batches. */
  readonly value: (kept: readonly number[]) => number;
}

/**
 * A metric that is not a mean over items, such as an area or a ratio of two sums. The mean of its values over batches would be wrong,
 * so `fit` and `evaluate` keep what it needs of each batch, and compute one value of the whole epoch.
 *
 * Source: torchmetrics.Metric
 */
export class EpochMetric<Output = Tensor, Target = Tensor> {
  readonly #parts: EpochMetricParts<Output, Target>;

  constructor(parts: EpochMetricParts<Output, Target>) {
    expectOptions<EpochMetricParts<Output, Target>>(
      "EpochMetric",
      parts,
      { statistics: callable, add: callable, value: callable },
      ["statistics", "add", "value"],
    );
    this.#parts = parts;
  }

  /** See {@link EpochMetricParts}. */
  statistics(output: Output, target: Target): Tensor {
    return this.#parts.statistics(output, target);
  }

  /** See {@link EpochMetricParts}. */
  add(kept: number[], statistics: ArrayLike<number>): void {
    this.#parts.add(kept, statistics);
  }

  /** See {@link EpochMetricParts}. */
  value(kept: readonly number[]): number {
    return this.#parts.value(kept);
  }

  /** The metric of some outputs and targets, without a loader. */
  async compute(output: Output, target: Target): Promise<number> {
    const kept: number[] = [];
    this.add(kept, (await this.statistics(output, target).data()));
    return this.value(kept);
  }

  /** The same metric of other outputs and batches: `rocAuc.on((output, batch) => [output, batch.label])`. */
  on<OtherOutput, OtherTarget>(
    select: (output: OtherOutput, target: OtherTarget) => readonly [Output, Target],
  ): EpochMetric<OtherOutput, OtherTarget> {
    expectValues("EpochMetric.on", { select }, callable);
    const { add, value } = this.#parts;
    const statistics = (output: OtherOutput, target: OtherTarget): Tensor =>
      this.statistics(...select(output, target));
    return new EpochMetric({ statistics, add, value });
  }
}

/** A metric of any kind. */
export type AnyMetric<Output = never, Target = never> = Metric<Output, Target> | EpochMetric<Output, Target>;

/** Metrics by their names in reports. */
export type Metrics<Name extends string, Output = Tensor, Target = Tensor> = Readonly<
  Record<Name, AnyMetric<Output, Target>>
>;

export const metricsKind: Kind = [
  "metrics by name, such as { accuracy }",
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((metric) => metric instanceof EpochMetric || callable[1](metric)),
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
