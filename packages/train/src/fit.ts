import type { DataLoader } from "@stargrad/datasets";
import type { Layer } from "@stargrad/nn";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, CheckError, StargradError, type Tensor } from "@stargrad/tensor";
import { nonFiniteCode } from "@stargrad/tensor/internal";

import { readFigures, RunningMeans, type Figures, type Metric, type Metrics } from "./metrics.js";
import { RunningMean } from "./running-mean.js";
import { trainStep } from "./train-step.js";

/** What a loader hands out: inputs, and what the model should make of them. */
export interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}

export interface FitOptions<Name extends string> {
  readonly model: Layer;
  readonly optimizer: Optimizer | ClosureOptimizer;
  readonly loader: DataLoader<Batch>;
  /** What is made small. */
  readonly loss: Metric;
  /** Further figures to report beside the loss. Default: none. */
  readonly metrics?: Metrics<Name>;
  /** After how many epochs to stop. */
  readonly epochs: number;
  /** How many epochs are done already, in a run that is resumed. Default: 0. */
  readonly startEpoch?: number;
}

/** Where in a training a step is. */
export interface Place {
  /** Counted from 1. */
  readonly epoch: number;
  /** Counted from 1 in every epoch. */
  readonly step: number;
  /** How many steps an epoch has. */
  readonly steps: number;
}

/**
 * Before every step: what it is going to learn from, while nothing has been drawn or changed for it yet. The loader
 * has moved on already, so what is saved here would go on without this step.
 */
export interface BatchEvent extends Place {
  readonly event: "batch";
  readonly batch: Batch;
}

/** After every step: the figures of its batch, as they were before the step. */
export interface StepEvent<Name extends string = never> extends Place {
  readonly event: "step";
  readonly loss: number;
  readonly metrics: Figures<Name>;
}

/** After every epoch: the means of its steps' figures, so that each item was judged by the model of its step. */
export interface EpochEvent<Name extends string = never> {
  readonly event: "epoch";
  /** How many epochs are done. */
  readonly epoch: number;
  /** After how many the training stops. */
  readonly epochs: number;
  readonly loss: number;
  readonly metrics: Figures<Name>;
  readonly seconds: number;
}

export type FitEvent<Name extends string = never> = BatchEvent | StepEvent<Name> | EpochEvent<Name>;

/**
 * Trains a model. Its steps are recorded (see `trainStep`): `forward` is called when a step is recorded and not at every step, so what
 * differs from step to step has to be drawn or chosen by tensors. It runs while somebody iterates over its events, and between two events it stands still: then the
 * model can be looked at, evaluated or saved. To stop early, leave the loop.
 *
 * Throws: StargradError if the loss is not a finite number, before a step could carry that into the weights;
 * ArgumentError if the loader has no batches
 */
export async function* fit<Name extends string = never>({
  model,
  optimizer,
  loader,
  loss: lossOf,
  metrics,
  epochs,
  startEpoch = 0,
}: FitOptions<Name>): AsyncGenerator<FitEvent<Name>, void, undefined> {
  if (loader.length === 0) throw new ArgumentError("fit", "the loader has no batches");
  model.train();
  const names = Object.keys(metrics ?? {}) as Name[];
  const take = trainStep({
    model,
    optimizer,
    loss: ({ x, y }) => {
      const output = model.forward(x);
      const scores = names.map((name) => [keyOf(name), metrics?.[name](output, y)] as const);
      return { ...(Object.fromEntries(scores) as Record<string, Tensor>), loss: lossOf(output, y) };
    },
    refuse: ({ loss }) => nonFiniteCode(loss),
  });
  for (let epoch = startEpoch + 1; epoch <= epochs; epoch++) {
    const started = performance.now();
    const epochLoss = new RunningMean();
    const epochMetrics = new RunningMeans<Name>();

    for await (const batch of loader) {
      const place: Place = { epoch, step: loader.state().position, steps: loader.length };
      yield { event: "batch", ...place, batch };

      let results: Readonly<Record<string, Tensor>>;
      let loss: number;
      try {
        // An engine finds out that the step is refused when it is taken, or when its loss is read.
        results = take({ x: batch.x, y: batch.y });
        loss = await results.loss.item();
      } catch (error) {
        throw explained(error, place);
      }
      const figures = await readFigures(names.map((name) => [name, results[keyOf(name)]]));
      const [size] = batch.x.shape;
      epochLoss.add(loss, size);
      epochMetrics.add(figures, size);
      yield { event: "step", ...place, loss, metrics: figures };
    }
    const seconds = (performance.now() - started) / 1000;
    yield { event: "epoch", epoch, epochs, loss: epochLoss.value, metrics: epochMetrics.value, seconds };
  }
}

/** What a metric is called beside the loss; it may be named `loss` itself. */
function keyOf(name: string): string {
  return `metrics.${name}`;
}

/** The error of a step, which says what the loss is and where if that is why it was refused. */
function explained(error: unknown, { epoch, step }: Place): unknown {
  if (!(error instanceof CheckError) || error.called !== "trainStep") return error;
  const loss = ["NaN", "Infinity", "-Infinity"][error.code - 1];
  return new StargradError(
    "fit",
    `the loss is ${loss} in epoch ${epoch}, step ${step}; the weights are those of the step before`,
    "Is the learning rate too large, or is there something in the data that is not a number?",
  );
}
