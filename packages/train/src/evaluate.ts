import type { DataLoader } from "@stargrad/datasets";
import type { Layer, Module } from "@stargrad/nn";
import { ArgumentError } from "@stargrad/tensor";

import type { Batch } from "./fit.js";
import { measure, RunningMeans, type Figures, type Metrics } from "./metrics.js";

/** The modes that the modules of models were in before they were evaluated, and how many evaluations there are of each. */
const evaluated = new WeakMap<Module, { count: number; readonly modes: ReadonlyMap<Module, boolean> }>();

/**
 * Measures a model on every item of a loader, without training it: `evaluate(model, loader, { accuracy })`. Meanwhile
 * the model is in eval mode; afterwards each of its modules is in the mode it was in. A model may be evaluated several times at
 * once, and not trained meanwhile.
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
  const leave = enterEval(model);
  try {
    for await (const { x, y } of loader) {
      means.add(await measure(metrics, model.forward(x), y), x.shape[0]);
    }
  } finally {
    leave();
  }
  return means.value;
}

/** Has a model be in eval mode; returns what ends that, once nobody else evaluates it. */
function enterEval(model: Module): () => void {
  const modes = new Map(model.modules().map((module) => [module, module.training]));
  const state = evaluated.get(model) ?? { count: 0, modes };
  evaluated.set(model, state);
  state.count++;
  model.eval();
  return () => {
    state.count--;
    if (state.count > 0) return;
    evaluated.delete(model);
    for (const [module, training] of state.modes) module.training = training;
  };
}
