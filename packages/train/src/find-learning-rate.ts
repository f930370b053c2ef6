import type { DataLoader } from "@stargrad/datasets";
import type { Module } from "@stargrad/nn";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, CheckError, defaultGenerator, type Generator } from "@stargrad/tensor";
import { count, expectOptions, positive } from "@stargrad/tensor/internal";

import type { Clip } from "./clip.js";
import { expectLoader } from "./expect-loader.js";
import type { FitForwardOptions, FitOptions } from "./fit.js";
import { curveOf, type LearningRateCurve } from "./learning-rate-curve.js";
import { figuresOfStep } from "./measures.js";
import type { Metric } from "./metrics.js";
import { passOf } from "./pass.js";
import { expectAlone, running } from "./run-record.js";
import { trainingKinds, type Training } from "./training.js";
import { updateOf } from "./update.js";

/** Besides those of `fit`. */
interface RangeOptions {
  /** The learning rate of the first step. Default: 1e-7. */
  readonly minimum?: number;
  /** The learning rate of the last step. Default: 10. */
  readonly maximum?: number;
  /** The number of steps. Default: 100. */
  readonly steps?: number;
  /** Not used, as all options of `fit` that are not named here: one object describes a training for both. */
  readonly epochs?: number;
}

/**
 * Those of `fit`. Used are model, optimizer, loader, forward, loss, clip, accumulate, signal, which ends the test early, and generators: those that
 * the model draws from, besides the shared one, so that they are set back.
 */
export interface FindLearningRateOptions<Name extends string = string>
  extends Omit<FitOptions<Name>, "epochs">, RangeOptions {}

/** For batches that are not `{ x, y }`: see `forward` of `fit`. */
export interface FindLearningRateForwardOptions<M extends Module, B, Output, Name extends string = string>
  extends Omit<FitForwardOptions<Name, M, B, Output>, "epochs">, RangeOptions {}

/**
 * The learning-rate range test: takes steps with learning rates that grow from `minimum` to `maximum` by a constant factor, and reports the
 * loss of each. It ends early if the loss is not finite, or if its average is more than 4 times the smallest one. Afterwards model,
 * optimizer, loader and generators are as they were before.
 *
 * It takes the object that `fit` takes, with `clip` and `accumulate`. The learning rates of groups keep their ratios; `minimum`, `maximum` and the
 * suggestion are those of the first group. The suggestion is the rate at which the loss has fallen halfway to its minimum, which is a good rate to begin
 * with; look at the curve, and try its half and its double.
 *
 * Defaults: minimum 1e-7, maximum 10, steps 100
 * Throws: ArgumentError for wrong options, inside of the loop over a run, or if the optimizer has no learning rates
 * Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3; Smith, "A Disciplined Approach to Neural
 * Network Hyper-Parameters", 2018
 */
export function findLearningRate<M extends Module, B, Output, Name extends string = never>(
  options: FindLearningRateForwardOptions<M, B, Output, Name>,
): Promise<LearningRateCurve>;
export function findLearningRate<Name extends string = never>(
  options: FindLearningRateOptions<Name>,
): Promise<LearningRateCurve>;
export async function findLearningRate(options: AnyOptions): Promise<LearningRateCurve> {
  expectOptions<AnyOptions>("findLearningRate", options, kinds, ["model", "optimizer", "loader", "loss"]);
  const { model, optimizer, loader, loss, forward, clip, accumulate = 1, signal } = options;
  const { minimum = 1e-7, maximum = 10, steps = 100 } = options;
  expectLoader("findLearningRate", loader);
  if (minimum >= maximum) {
    throw new ArgumentError(
      "findLearningRate",
      `got minimum ${minimum} and maximum ${maximum}; expected the minimum to be smaller`,
    );
  }
  if (loader.length === 0) throw new ArgumentError("findLearningRate", "the loader has no batches");
  expectAlone("findLearningRate", options, "Call it before the run, not in the loop over its events");
  const setRate = rateSetterOf(optimizer);
  const putBack = stateOf(options);
  const pass = passOf(model, forward);
  const update = updateOf({ model, optimizer, pass, measures: { loss }, clip, accumulate });
  const [rates, losses]: [number[], number[]] = [[], []];
  const divergence = new Divergence();
  const parts = [model, optimizer, loader];
  for (const part of parts) running.add(part);
  try {
    model.train();
    for await (const batches of repeated(loader, steps, accumulate)) {
      if (signal?.aborted === true) break;
      const rate = minimum * (maximum / minimum) ** (rates.length / Math.max(1, steps - 1));
      setRate(rate);
      const tensors = batches.map((batch) => pass.tensorsOf("findLearningRate", batch));
      const figures = await update(tensors).catch(unlessDiverged);
      if (figures === null) break;
      // All of its items are ignored.
      if (figures.length === 0) continue;
      rates.push(rate);
      losses.push(figuresOfStep(figures, { loss })["loss"]);
      if (divergence.add(losses[losses.length - 1])) break;
    }
  } finally {
    for (const part of parts) running.delete(part);
    putBack();
  }
  return curveOf(rates, losses);
}

type AnyOptions = RangeOptions & {
  readonly model: Module;
  readonly optimizer: Optimizer | ClosureOptimizer;
  readonly loader: DataLoader<unknown>;
  readonly forward?: ((model: never, batch: never) => unknown) | undefined;
  readonly loss: Metric<never, never>;
  readonly clip?: Clip;
  readonly accumulate?: number;
  readonly signal?: { readonly aborted: boolean };
  readonly generators?: Training["generators"];
};

const kinds = { ...trainingKinds, minimum: positive, maximum: positive, steps: count };

/** The batches of each step, of the current epoch again and again. The position of the loader does not change. */
async function* repeated(
  loader: DataLoader<unknown>,
  steps: number,
  accumulate: number,
): AsyncGenerator<readonly unknown[]> {
  let batches: unknown[] = [];
  for (let left = steps; left > 0;) {
    for await (const batch of loader.batches()) {
      batches.push(batch);
      if (batches.length < accumulate) continue;
      yield batches;
      batches = [];
      if (--left === 0) return;
    }
  }
}

function unlessDiverged(error: unknown): null {
  if (error instanceof CheckError && error.called === "trainStep") return null;
  throw error;
}

/** A function that sets the rate of the first group, and those of the others in proportion. */
function rateSetterOf(optimizer: Optimizer | ClosureOptimizer): (rate: number) => void {
  const groups = optimizer.groups as readonly { learningRate: number }[];
  const before = groups.map(({ learningRate }) => learningRate);
  if (!before.every(Number.isFinite)) {
    throw new ArgumentError("findLearningRate", "got an optimizer without learning rates");
  }
  return (rate) => {
    for (const [i, group] of groups.entries()) {
      group.learningRate = before[0] > 0 ? (rate * before[i]) / before[0] : rate;
    }
  };
}

/** A function that sets model, optimizer and generators back to their state of now. */
function stateOf({ model, optimizer, generators = {} }: AnyOptions): () => void {
  const modes = model.modules().map((module) => [module, module.training] as const);
  const parameters = [...model.parameters(), ...optimizer.groups.flatMap((group) => group.parameters)];
  const gradients = parameters.map((parameter) => [parameter, parameter.grad] as const);
  const [weights, settings] = [model.stateDict(), optimizer.stateDict()];
  const all: Generator[] = [defaultGenerator(), ...Object.values(generators)];
  const states = all.map((generator) => [generator, generator.state()] as const);
  return () => {
    model.loadStateDict(weights);
    optimizer.loadStateDict(settings);
    for (const [parameter, gradient] of gradients) parameter.grad = gradient;
    for (const [generator, state] of states) generator.restore(state);
    for (const [module, training] of modes) module.training = training;
  };
}

/** How much of the running average of losses remains at each step. */
const decay = 0.9;

/** Tells whether the losses have diverged: whether their running average is more than 4 times the smallest one. */
class Divergence {
  #average = 0;
  #steps = 0;
  #best = Infinity;

  /** Adds a loss. Returns whether the losses have diverged. */
  add(loss: number): boolean {
    this.#average = decay * this.#average + (1 - decay) * loss;
    const average = this.#average / (1 - decay ** ++this.#steps);
    this.#best = Math.min(this.#best, average);
    return this.#best > 0 && average > 4 * this.#best;
  }
}
