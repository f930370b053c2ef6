import type { DataLoader } from "@stargrad/datasets";
import type { Layer, Module } from "@stargrad/nn";
import { moduleKind } from "@stargrad/nn/internal";
import { ArgumentError, realize, type Tensor, type Tree } from "@stargrad/tensor";
import { anything, callable, expectOptions, expectValues, isRecord } from "@stargrad/tensor/internal";

import { enterEval } from "./eval-mode.js";
import { expectLoader } from "./expect-loader.js";
import {
  addTo,
  expectItems,
  figuresOf,
  measure,
  measuresOf,
  metricsIn,
  readResults,
  type AllSums,
  type Measures,
} from "./measures.js";
import { metricsKind, type Figures, type Metrics } from "./metrics.js";
import { itemsIn, passOf, type Batch, type BatchTensors, type Pass } from "./pass.js";
import { recordedIfPossible } from "./recorded-if-possible.js";

/** What is evaluated if batches are not `{ x, y }`. */
export interface EvaluateOptions<M extends Module, B, Output, Given> {
  readonly model: M;
  readonly loader: DataLoader<B>;
  /** Calls the model with the tensors of a batch. */
  readonly forward: (model: M, batch: BatchTensors<Awaited<B>>) => Output;
  /** Functions of the output and the tensors of a batch. */
  readonly metrics: Given & Metrics<string, Output, BatchTensors<Awaited<B>>>;
}

/**
 * Computes metrics of a model over all items of a loader: `evaluate(model, loader, { accuracy })`. The model is in evaluation
 * mode meanwhile; afterwards the mode of each module is restored. Several evaluations of a model may run at the same time, but
 * not together with training. Each evaluation records the forward pass and the metrics (see `jit`) if possible; otherwise it
 * calls them for every batch.
 *
 * Returns the mean of each metric over the items: that of a batch counts as much as the batch has items. That of a loss with
 * `ignoreIndex` or class weights counts as much as its divisor, so a batch of ignored items does not count.
 *
 * Throws: ArgumentError if the loader has no batches, or batches without x and y, or if a metric does not return a tensor of one number
 *
 * If batches are not `{ x, y }`, pass one object with `forward`, which calls the model with the tensors of a batch; metrics then get the
 * batch in the place of the targets: `evaluate({ model, loader, forward: (model, { x, city }) => model.forward(x, city), metrics })`.
 */
export function evaluate<M extends Module, B, Output, Given>(
  options: EvaluateOptions<M, B, Output, Given>,
): Promise<Figures<keyof Given & string>>;
export function evaluate<Name extends string>(
  model: Layer,
  loader: DataLoader<Batch | Promise<Batch>>,
  metrics: Metrics<Name>,
): Promise<Figures<Name>>;
export async function evaluate<Name extends string>(
  given: Layer | EvaluateOptions<Module, unknown, unknown, unknown>,
  ...[second, third]: readonly unknown[]
): Promise<Figures<Name>> {
  const isOptions = second === undefined && isRecord(given) && "forward" in given && "loader" in given;
  const { model, loader, metrics, forward } = isOptions
    ? (given as EvaluateOptions<Module, unknown, unknown, unknown>)
    : { model: given as Layer, loader: second, metrics: third, forward: undefined };
  if (isOptions) {
    const kinds = { model: moduleKind, loader: anything, forward: callable, metrics: metricsKind };
    expectOptions("evaluate", given as object, kinds);
  }
  expectValues("evaluate", { model }, moduleKind);
  expectLoader("evaluate", loader);
  expectValues("evaluate", { metrics }, metricsKind);
  const measures = measuresOf(metrics as Measures);
  const evaluateOn = evaluatorOf("evaluate", model, passOf(model, forward), measures);
  return metricsIn(
    await evaluateOn(loader as DataLoader<unknown>),
    Object.keys(metrics as Measures) as Name[],
  );
}

/** A function that computes measures over all items of a loader. It records the forward pass once, if possible. */
export function evaluatorOf(
  called: string,
  model: Module,
  pass: Pass,
  measures: Measures,
): (loader: DataLoader<unknown>) => Promise<Figures<string>> {
  const resultsOf = recordedIfPossible((tensors: Tree): Readonly<Record<string, Tensor>> => {
    return measure(called, measures, { pass, output: pass.forward(tensors), tensors });
  });
  return async (loader) => {
    if (loader.length === 0) throw new ArgumentError(called, "the loader has no batches");
    const sums: AllSums = new Map();
    const leave = enterEval(called, model);
    try {
      for await (const batch of loader.batches()) {
        const tensors = pass.tensorsOf(called, batch);
        const results = resultsOf(tensors);
        realize(...Object.values(results));
        addTo(sums, measures, await readResults(results, itemsIn(tensors)));
      }
    } finally {
      leave();
    }
    if ("loss" in measures) expectItems(called, sums, "the validation data");
    return figuresOf(sums, measures);
  };
}
