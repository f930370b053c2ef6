import type { DataLoader } from "@stargrad/datasets";
import type { Layer } from "@stargrad/nn";
import { ArgumentError } from "@stargrad/tensor";

import type { Batch } from "./fit.js";
import { measure, RunningMeans, type Figures, type Metrics } from "./metrics.js";

/**
 * Measures a model on every item of a loader, without training it: `evaluate(model, loader, { accuracy })`. Meanwhile
 * the model is in eval mode; afterwards it is in the mode it was in.
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
  const { training } = model;
  const means = new RunningMeans<Name>();
  model.eval();
  try {
    for await (const { x, y } of loader) {
      means.add(await measure(metrics, model.forward(x), y), x.shape[0]);
    }
  } finally {
    model.train(training);
  }
  return means.value;
}
