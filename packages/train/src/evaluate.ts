import type { DataLoader } from "@stargrad/datasets";
import type { Layer } from "@stargrad/nn";
import { ArgumentError, realize, type Tensor } from "@stargrad/tensor";

import { enterEval } from "./eval-mode.js";
import type { Batch } from "./fit.js";
import { readFigures, RunningMeans, type Figures, type Metric, type Metrics } from "./metrics.js";
import { recordedIfPossible } from "./recorded-if-possible.js";

/**
 * Measures a model on every item of a loader, without training it: `evaluate(model, loader, { accuracy })`. Meanwhile
 * the model is in eval mode; afterwards each of its modules is in the mode it was in. A model may be evaluated several times at
 * once, and not trained meanwhile. The forward pass and the metrics are recorded (see `jit`) if they can be, and else called for
 * every batch.
 *
 * Returns the mean of each metric over the items.
 *
 * Throws: ArgumentError if the loader has no batches
 */
export async function evaluate<Name extends string>(
  model: Layer,
  loader: DataLoader<Batch>,
  metrics: Metrics<Name>,
): Promise<Figures<Name>> {
  if (loader.length === 0) throw new ArgumentError("evaluate", "the loader has no batches");
  const means = new RunningMeans<Name>();
  const scoresOf = scorerOf(model, metrics);
  const leave = enterEval(model);
  try {
    for await (const { x, y } of loader) {
      const scores = scoresOf(x, y);
      realize(...scores);
      const named = Object.keys(metrics).map((name, i) => [name as Name, scores[i]] as const);
      means.add(await readFigures(named), x.shape[0]);
    }
  } finally {
    leave();
  }
  return means.value;
}

/** Computes what metrics say of a batch, in their order. */
type Scorer = (x: Tensor, y: Tensor) => readonly Tensor[];

/** What was made for the last evaluation of a model: with the same metrics, its recordings are used again. */
const scorers = new WeakMap<Layer, { readonly metrics: readonly Metric[]; readonly scoresOf: Scorer }>();

function scorerOf(model: Layer, named: Metrics<string>): Scorer {
  const metrics = Object.values(named);
  const known = scorers.get(model);
  const isSame = (metric: Metric, i: number): boolean => metric === metrics[i];
  if (known?.metrics.length === metrics.length && known.metrics.every(isSame)) return known.scoresOf;
  const scoresOf = recordedIfPossible((x: Tensor, y: Tensor): readonly Tensor[] => {
    const output = model.forward(x);
    return metrics.map((metric) => metric(output, y));
  });
  scorers.set(model, { metrics, scoresOf });
  return scoresOf;
}
