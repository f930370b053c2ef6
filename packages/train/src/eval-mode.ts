import { lend } from "@stargrad/autograd/internal";
import type { Module } from "@stargrad/nn";
import { shared } from "@stargrad/tensor/internal";

/** For each model in evaluation: the number of running evaluations, and the modes of its modules before the first. */
const evaluated = /* @__PURE__ */ shared(
  "evaluated",
  () => new WeakMap<Module, { count: number; readonly modes: ReadonlyMap<Module, boolean> }>(),
);

/**
 * Sets a model to evaluation mode; until it is left, no optimizer changes its parameters. Returns a function that restores the modes
 * when no other evaluation is running.
 */
export function enterEval(called: string, model: Module): () => void {
  const modes = new Map(model.modules().map((module) => [module, module.training]));
  const state = evaluated.get(model) ?? { count: 0, modes };
  evaluated.set(model, state);
  state.count++;
  const takeBack = lend(called, model.parameters());
  model.eval();
  return () => {
    takeBack();
    state.count--;
    if (state.count > 0) return;
    evaluated.delete(model);
    for (const [module, training] of state.modes) module.training = training;
  };
}

/** Whether an evaluation of the model is running. */
export function isEvaluated(model: Module): boolean {
  return evaluated.has(model);
}
