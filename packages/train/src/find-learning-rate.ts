import type { DataLoader } from "@stargrad/datasets";
import type { Layer, Module } from "@stargrad/nn";
import { moduleKind } from "@stargrad/nn/internal";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, CheckError, defaultGenerator, type Generator } from "@stargrad/tensor";
import { anything, callable, count, expectOptions, positive } from "@stargrad/tensor/internal";

import { expectLoader } from "./expect-loader.js";
import type { Measures } from "./measures.js";
import type { Metric } from "./metrics.js";
import { passOf, type Batch, type BatchTensors } from "./pass.js";
import { expectAlone, running } from "./run-record.js";
import { optimizerKind, type Training } from "./training.js";
import { updateOf } from "./update.js";

interface CommonOptions {
  readonly optimizer: Optimizer | ClosureOptimizer;
  /** The learning rate of the first step. Default: 1e-7. */
  readonly minimum?: number;
  /** The learning rate of the last step. Default: 10. */
  readonly maximum?: number;
  /** The number of steps. Default: 100. */
  readonly steps?: number;
  /** Generators that the model draws from, besides the shared one, so that they are set back. Default: none. */
  readonly generators?: Training["generators"];
}

export interface FindLearningRateOptions extends CommonOptions {
  readonly model: Layer;
  readonly loader: DataLoader<Batch | Promise<Batch>>;
  readonly loss: Metric;
  readonly forward?: undefined;
}

/** For batches that are not `{ x, y }`: see `forward` of `fit`. */
export interface FindLearningRateForwardOptions<M extends Module, B, Output> extends CommonOptions {
  readonly model: M;
  readonly loader: DataLoader<B>;
  readonly forward: (model: M, batch: BatchTensors<Awaited<B>>) => Output;
  readonly loss: Metric<Output, BatchTensors<Awaited<B>>>;
}

/** The curve of a learning-rate range test. */
export interface LearningRateCurve {
  /** The learning rate of each step. */
  readonly rates: readonly number[];
  /** The loss before each step. */
  readonly losses: readonly number[];
  /** The losses as their running averages, which show the curve of noisy losses. */
  readonly smoothed: readonly number[];
  /** The rate at which the smoothed loss falls most steeply; null if it never falls. */
  readonly suggestion: number | null;
}

/**
 * The learning-rate range test: takes steps with learning rates that grow from `minimum` to `maximum` by a constant factor, and reports the
 * loss of each. It ends early if the loss is not finite, or if its average is more than 4 times the smallest one. Afterwards model,
 * optimizer, loader and generators are as they were before.
 *
 * The learning rates of groups keep their ratios; `minimum` and `maximum` are those of the first group. A good rate is between the
 * suggestion and the rate where the curve has its minimum, divided by 10.
 *
 * Defaults: minimum 1e-7, maximum 10, steps 100
 * Throws: ArgumentError for wrong options, inside of the loop over a run, or if the optimizer has no learning rates
 * Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3; Smith, "A Disciplined Approach to Neural
 * Network Hyper-Parameters", 2018
 */
export function findLearningRate<M extends Module, B, Output>(
  options: FindLearningRateForwardOptions<M, B, Output>,
): Promise<LearningRateCurve>;
export function findLearningRate(options: FindLearningRateOptions): Promise<LearningRateCurve>;
export async function findLearningRate(options: AnyOptions): Promise<LearningRateCurve> {
  expectOptions<AnyOptions>("findLearningRate", options, kinds, ["model", "optimizer", "loader", "loss"]);
  const { model, optimizer, loader, loss, forward, minimum = 1e-7, maximum = 10, steps = 100 } = options;
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
  const update = updateOf({ model, optimizer, pass, measures: { loss } satisfies Measures });
  const curve = new Curve();
  const parts = [model, optimizer, loader];
  for (const part of parts) running.add(part);
  try {
    model.train();
    for await (const batch of repeated(loader, steps)) {
      const rate = minimum * (maximum / minimum) ** (curve.rates.length / Math.max(1, steps - 1));
      setRate(rate);
      const figures = await update([pass.tensorsOf("findLearningRate", batch)]).catch(unlessDiverged);
      if (figures === null || curve.add(rate, figures[0]["loss"][0])) break;
    }
  } finally {
    for (const part of parts) running.delete(part);
    putBack();
  }
  const { rates, losses, smoothed } = curve;
  return { rates, losses, smoothed, suggestion: steepest(rates, smoothed) };
}

type AnyOptions = CommonOptions & {
  readonly model: Module;
  readonly loader: DataLoader<unknown>;
  readonly forward?: ((model: never, batch: never) => unknown) | undefined;
  readonly loss: Metric<never, never>;
};

const kinds = {
  model: moduleKind,
  optimizer: optimizerKind,
  // Checked by expectLoader.
  loader: anything,
  loss: callable,
  forward: callable,
  minimum: positive,
  maximum: positive,
  steps: count,
  generators: anything,
};

/** Batches of the current epoch, again and again. The position of the loader does not change. */
async function* repeated(loader: DataLoader<unknown>, count: number): AsyncGenerator {
  for (let left = count; left > 0;) {
    for await (const batch of loader.batches()) {
      if (left-- <= 0) return;
      yield batch;
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

class Curve {
  readonly rates: number[] = [];
  readonly losses: number[] = [];
  readonly smoothed: number[] = [];
  #average = 0;
  #best = Infinity;

  /** Adds a step. Returns whether the loss has diverged. */
  add(rate: number, loss: number): boolean {
    this.rates.push(rate);
    this.losses.push(loss);
    this.#average = decay * this.#average + (1 - decay) * loss;
    const smoothed = this.#average / (1 - decay ** this.losses.length);
    this.smoothed.push(smoothed);
    this.#best = Math.min(this.#best, smoothed);
    return this.#best > 0 && smoothed > 4 * this.#best;
  }
}

/**
 * The rate at which values fall most on the way to their minimum, by central differences; the rates are equally far apart in their
 * logarithms.
 */
export function steepest(rates: readonly number[], values: readonly number[]): number | null {
  const minimum = values.indexOf(Math.min(...values));
  let [least, at] = [0, -1];
  for (let i = 1; i < Math.min(minimum + 1, values.length - 1); i++) {
    const slope = values[i + 1] - values[i - 1];
    if (slope < least) [least, at] = [slope, i];
  }
  return at < 0 ? null : rates[at];
}
