import type { Module } from "@stargrad/nn";

/** The modes that the modules of models were in before they were evaluated, and how many evaluations there are of each. */
const evaluated = new WeakMap<Module, { count: number; readonly modes: ReadonlyMap<Module, boolean> }>();

/** Has a model be in eval mode; returns what ends that, once nobody else evaluates it. */
export function enterEval(model: Module): () => void {
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
