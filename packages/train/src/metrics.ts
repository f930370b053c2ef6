import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { callable, expectOptions, expectValues, type Kind } from "@stargrad/tensor/internal";

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
    this.add(kept, await this.statistics(output, target).data());
    return this.value(kept);
  }

  /** The same metric of other outputs and batches: `rocAuc.on((output, batch) => [output, batch.label])`. */
  on<OtherOutput, OtherTarget>(
    select: (output: OtherOutput, target: OtherTarget) => readonly [Output, Target],
  ): EpochMetric<OtherOutput, OtherTarget> {
    expectValues("EpochMetric.on", { select }, callable);
    const { add, value } = this.#parts;
    const statistics = (output: OtherOutput, target: OtherTarget): Tensor => {
      const selected = select(output, target);
      if (!isPair(selected)) {
        throw new ArgumentError(
          "EpochMetric.on",
          "the function returned no pair of outputs and targets",
          "Return [output, target]. Without the option forward of fit, its second argument is y, not the batch",
        );
      }
      return this.statistics(...selected);
    };
    return new EpochMetric({ statistics, add, value });
  }
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && !value.includes(undefined);
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
