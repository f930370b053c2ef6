import type { DataLoader } from "@stargrad/datasets";
import { formatShape } from "@stargrad/graph";
import type { Layer } from "@stargrad/nn";
import { ArgumentError, realize, Tensor } from "@stargrad/tensor";

import { enterEval } from "./eval-mode.js";
import type { Batch } from "./fit.js";
import { readFigures, RunningMeans, type Figures, type Metrics } from "./metrics.js";
import { recordedIfPossible } from "./recorded-if-possible.js";

/**
 * Measures a model on every item of a loader, without training it: `evaluate(model, loader, { accuracy })`. Meanwhile
 * the model is in eval mode; afterwards each of its modules is in the mode it was in. A model may be evaluated several times at
 * once, and not trained meanwhile. The forward pass and the metrics are recorded anew by each evaluation (see `jit`)
 * if they can be, and else called for every batch.
 *
 * Returns the mean of each metric over the items.
 *
 * Throws: ArgumentError if the loader has no batches, or if a metric returns something else than one number
 */
export async function evaluate<Name extends string>(
  model: Layer,
  loader: DataLoader<Batch>,
  metrics: Metrics<Name>,
): Promise<Figures<Name>> {
  if (loader.length === 0) throw new ArgumentError("evaluate", "the loader has no batches");
  const means = new RunningMeans<Name>();
  const names = Object.keys(metrics) as Name[];
  const scoresOf = recordedIfPossible((x: Tensor, y: Tensor): readonly Tensor[] => {
    const output = model.forward(x);
    return names.map((name) => scoreOf(name, metrics[name](output, y)));
  });
  const leave = enterEval(model);
  try {
    for await (const { x, y } of loader) {
      const scores = scoresOf(x, y);
      realize(...scores);
      means.add(await readFigures(names.map((name, i) => [name, scores[i]])), x.shape[0]);
    }
  } finally {
    leave();
  }
  return means.value;
}

/** Throws: ArgumentError unless a metric returned a scalar, as far as TypeScript could not see to it */
function scoreOf(name: string, score: unknown): Tensor {
  const returned: Tensor | null = score instanceof Tensor ? (score as Tensor) : null;
  if (returned?.size === 1) return returned;
  throw new ArgumentError(
    "evaluate",
    `the metric ${name} returned ${returned === null ? "no tensor" : `a tensor of shape ${formatShape(returned.shape)}`}; expected one number, as a tensor`,
    "Reduce it, as x.mean() does; an asynchronous metric is for a loop of its own",
  );
}
