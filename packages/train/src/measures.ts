import { formatShape } from "@stargrad/graph";
import { totalOf } from "@stargrad/nn/internal";
import { ArgumentError, StargradError, Tensor, type Tree } from "@stargrad/tensor";
import { handleRejections } from "@stargrad/tensor/internal";

import { EpochMetric, type AnyMetric, type Figures } from "./metrics.js";
import type { Pass } from "./pass.js";
import { RunningMean } from "./running-mean.js";

/** A loss and metrics by their names in results and sums. */
export type Measures = Readonly<Record<string, AnyMetric>>;

/** The numbers that one batch gives, by measure, and the divisors of means over some of its items. */
export type BatchFigures = Readonly<Record<string, ArrayLike<number>>> & {
  readonly items: ArrayLike<number>;
};

/** What is known of the batches so far, by measure: for a mean, Σ wᵢ xᵢ and Σ wᵢ. */
export type AllSums = Map<string, number[]>;

/** The measures of a loss and metrics. A metric may be named `loss` too, so the names of metrics have a prefix. */
export function measuresOf(metrics: Measures = {}): Measures {
  return Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [keyOf(name), metric]));
}

/** The figures of metrics by their names, of the figures of measures. */
export function metricsIn<Name extends string>(
  figures: Figures<string>,
  names: readonly Name[],
): Figures<Name> {
  return Object.fromEntries(names.map((name) => [name, figures[keyOf(name)]])) as Figures<Name>;
}

function keyOf(name: string): string {
  return `metrics.${name}`;
}

const totalPrefix = "total.";

/**
 * Computes measures of a batch as tensors, inside of a recording.
 *
 * Throws: ArgumentError if a metric does not return a tensor, of one number if it is a function
 */
export function measure(
  called: string,
  measures: Measures,
  { pass, output, tensors }: { readonly pass: Pass; readonly output: unknown; readonly tensors: Tree },
): Readonly<Record<string, Tensor>> {
  const results = Object.entries(measures).flatMap(([key, metric]): [string, Tensor][] => {
    const name = key === "loss" ? "the loss" : `the metric ${key.replace(/^metrics\./u, "")}`;
    if (metric instanceof EpochMetric) {
      const statistics = pass.compare(metric.statistics.bind(metric), output, tensors);
      return [[key, statistics as Tensor]];
    }
    const score = scoreOf(called, name, pass.compare(metric, output, tensors));
    const total = totalOf(score);
    return total === undefined ? [[key, score]] : [[key, score], [totalPrefix + key, total]]; // prettier-ignore
  });
  return Object.fromEntries(results);
}

/** Reads the results of `measure`. */
export async function readResults(
  results: Readonly<Record<string, Tensor>>,
  items: number,
): Promise<BatchFigures> {
  const read = Object.entries(results).map(async ([key, result]) => [key, await numbersOf(result)] as const);
  return { ...Object.fromEntries(await Promise.all(read)), items: [items] };
}

async function numbersOf(result: Tensor): Promise<ArrayLike<number>> {
  return result.size === 1 ? [await result.item()] : await result.data();
}

/** The divisor of a mean of a batch: how much the batch counts. */
export function weightOf(figures: BatchFigures, key: string): number {
  return ((figures as Readonly<Record<string, ArrayLike<number> | undefined>>)[totalPrefix + key] ??
    figures.items)[0];
}

/** Adds the figures of a batch. */
export function addTo(sums: AllSums, measures: Measures, figures: BatchFigures): void {
  for (const [key, metric] of Object.entries(measures)) {
    const kept = sums.get(key) ?? [];
    sums.set(key, kept);
    if (metric instanceof EpochMetric) metric.add(kept, figures[key]);
    else addMean(kept, figures[key][0], weightOf(figures, key));
  }
}

function addMean(kept: number[], value: number, weight: number): void {
  const [sum, total] = kept;
  const mean = new RunningMean(sum, total);
  mean.add(value, weight);
  [kept[0], kept[1]] = mean.sums;
}

/** Throws: StargradError if the loss has ignored all items that were added, so that it is the mean over nothing */
export function expectItems(called: string, sums: AllSums, of: string): void {
  const [, total = 0] = sums.get("loss") ?? [];
  if (total !== 0) return;
  throw new StargradError(
    called,
    `the loss is NaN: all items of ${of} are ignored, or their classes have the weight 0`,
    "Check the targets, ignoreIndex and the weights of the classes",
  );
}

/** The figures of all batches that were added. */
export function figuresOf(sums: AllSums, measures: Measures): Figures<string> {
  const entries = Object.entries(measures).map(([key, metric]) => {
    const kept = sums.get(key) ?? [];
    return [key, metric instanceof EpochMetric ? metric.value(kept) : kept[0] / kept[1]] as const;
  });
  return Object.fromEntries(entries);
}

/** The figures of some batches; NaN if there are none. Those of a single one are not multiplied and divided by its size, which would round them. */
export function figuresOfStep(batches: readonly BatchFigures[], measures: Measures): Figures<string> {
  const sums: AllSums = new Map();
  for (const batch of batches) addTo(sums, measures, batch);
  if (batches.length === 0) return Object.fromEntries(Object.keys(measures).map((key) => [key, NaN]));
  const figures = figuresOf(sums, measures);
  if (batches.length > 1) return figures;
  const means = Object.entries(measures).flatMap(([key, metric]) =>
    metric instanceof EpochMetric ? [] : [[key, batches[0][key][0]] as const],
  );
  return { ...figures, ...Object.fromEntries(means) };
}

/** Checks the result of a metric at run time. Throws: ArgumentError unless it is a tensor of one number */
function scoreOf(called: string, name: string, score: unknown): Tensor {
  const returned: Tensor | null = score instanceof Tensor ? (score as Tensor) : null;
  if (returned?.size === 1) return returned;
  handleRejections(score);
  throw new ArgumentError(
    called,
    `${name} returned ${returned === null ? "no tensor" : `a tensor of shape ${formatShape(returned.shape)}`}; expected one number, as a tensor`,
    "Reduce it, for example with x.mean(); compute an asynchronous metric in your own loop",
  );
}
