import type { DataLoader } from "@stargrad/datasets";
import { formatShape } from "@stargrad/graph";
import type { Layer } from "@stargrad/nn";
import { moduleKind } from "@stargrad/nn/internal";
import { ArgumentError, realize, Tensor } from "@stargrad/tensor";
import { expectValues, handleRejections } from "@stargrad/tensor/internal";

import { enterEval } from "./eval-mode.js";
import { expectLoader } from "./expect-loader.js";
import { expectBatch, type Batch } from "./fit.js";
import { metricsKind, readFigures, RunningMeans, withTotals, type Figures, type Metrics } from "./metrics.js";
import { recordedIfPossible } from "./recorded-if-possible.js";

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
 */
export async function evaluate<Name extends string>(
  model: Layer,
  loader: DataLoader<Batch | Promise<Batch>>,
  metrics: Metrics<Name>,
): Promise<Figures<Name>> {
  expectValues("evaluate", { model }, moduleKind);
  expectLoader("evaluate", loader);
  expectValues("evaluate", { metrics }, metricsKind);
  if (loader.length === 0) throw new ArgumentError("evaluate", "the loader has no batches");
  const means = new RunningMeans<Name>();
  const names = Object.keys(metrics) as Name[];
  const scoresOf = recordedIfPossible((x: Tensor, y: Tensor): Readonly<Record<string, Tensor>> => {
    const output = model.forward(x);
    const scores = names.map((name) => [name, scoreOf(name, metrics[name](output, y))] as const);
    return withTotals(Object.fromEntries(scores));
  });
  const leave = enterEval("evaluate", model);
  try {
    for await (const batch of loader.batches()) {
      expectBatch("evaluate", batch);
      const { x, y } = batch;
      const scores = scoresOf(x, y);
      realize(...Object.values(scores));
      means.add(await readFigures(Object.entries(scores)), x.shape[0]);
    }
  } finally {
    leave();
  }
  return means.value;
}

/** Checks the result of a metric at run time. Throws: ArgumentError unless it is a tensor of one number */
function scoreOf(name: string, score: unknown): Tensor {
  const returned: Tensor | null = score instanceof Tensor ? (score as Tensor) : null;
  if (returned?.size === 1) return returned;
  handleRejections(score);
  throw new ArgumentError(
    "evaluate",
    `the metric ${name} returned ${returned === null ? "no tensor" : `a tensor of shape ${formatShape(returned.shape)}`}; expected one number, as a tensor`,
    "Reduce it, for example with x.mean(); compute an asynchronous metric in your own loop",
  );
}
