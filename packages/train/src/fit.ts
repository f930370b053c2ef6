import type { DataLoader } from "@stargrad/datasets";
import type { Layer } from "@stargrad/nn";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, CheckError, StargradError, Tensor } from "@stargrad/tensor";
import {
  anything,
  callable,
  expectOptions,
  nonFiniteCode,
  type OptionKinds,
  wholeFrom,
} from "@stargrad/tensor/internal";
import type { Training } from "./checkpoint.js";
import {
  metricsKind,
  readFigures,
  RunningMeans,
  type Figures,
  type Metric,
  type Metrics,
} from "./metrics.js";
import { RunningMean } from "./running-mean.js";
import { trainStep } from "./train-step.js";

/** A batch of a loader: inputs x and targets y. */
export interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}

export interface FitOptions<Name extends string> {
  readonly model: Layer;
  readonly optimizer: Optimizer | ClosureOptimizer;
  readonly loader: DataLoader<Batch>;
  /** The loss to minimize. */
  readonly loss: Metric;
  /** Further metrics to report with the loss. Default: none. */
  readonly metrics?: Metrics<Name>;
  /** The total number of epochs. */
  readonly epochs: number;
  /** The number of completed epochs of a resumed run. Default: the epoch of the loader if it was restored, otherwise 0. */
  readonly startEpoch?: number;
  /** Not used by `fit`: one object can describe a training for `fit` and for `saveCheckpoint`. */
  readonly generators?: Training["generators"];
}

/** The position of a step in the training. */
export interface Progress {
  /** Counted from 1. */
  readonly epoch: number;
  /** Counted from 1 in every epoch. */
  readonly step: number;
  /** The number of steps of an epoch. */
  readonly steps: number;
}

/**
 * Before every step: its batch, before anything is drawn or changed for the step. The loader has already advanced, so a run
 * that is resumed from a checkpoint saved here skips this step.
 */
export interface BatchEvent extends Progress {
  readonly event: "batch";
  readonly batch: Batch;
}

/** After every step: loss and metrics of its batch, computed with the weights before the step. */
export interface StepEvent<Name extends string = never> extends Progress {
  readonly event: "step";
  readonly loss: number;
  readonly metrics: Figures<Name>;
}

/** After every epoch: the means of loss and metrics over its items, each computed with the weights before its step. */
export interface EpochEvent<Name extends string = never> {
  readonly event: "epoch";
  /** The number of completed epochs. */
  readonly epoch: number;
  /** The total number of epochs. */
  readonly epochs: number;
  readonly loss: number;
  readonly metrics: Figures<Name>;
  readonly seconds: number;
}

export type FitEvent<Name extends string = never> = BatchEvent | StepEvent<Name> | EpochEvent<Name>;

/**
 * Trains a model. The steps are recorded (see `trainStep`): `forward` is called only when a step is recorded, so everything
 * that differs from step to step must be a tensor operation, such as a random draw. Training advances only while the caller
 * iterates over the events; between two events the model can be inspected, evaluated or saved. To stop early, leave the loop.
 *
 * Throws: StargradError if the loss is not a finite number; the weights are then those before the step. ArgumentError if the
 * loader has no batches, or batches without x and y
 */
export function fit<Name extends string = never>(
  options: FitOptions<Name>,
): AsyncGenerator<FitEvent<Name>, void, undefined> {
  const kinds: OptionKinds<FitOptions<Name>> = {
    model: anything,
    optimizer: anything,
    loader: anything,
    loss: callable,
    metrics: metricsKind,
    epochs: wholeFrom(0),
    startEpoch: wholeFrom(0),
    generators: anything,
  };
  expectOptions("fit", options, kinds, ["model", "optimizer", "loader", "loss", "epochs"]);
  return events(options);
}

async function* events<Name extends string>({
  model,
  optimizer,
  loader,
  loss: lossOf,
  metrics,
  epochs,
  startEpoch = loader.isRestored ? loader.epoch : 0,
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
      expectBatch("fit", batch);
      const progress: Progress = { epoch, step: loader.state().position, steps: loader.length };
      yield { event: "batch", ...progress, batch };

      let results: Readonly<Record<string, Tensor>>;
      let loss: number;
      try {
        // The error of a refused step is thrown by the step or, on an asynchronous engine, when its loss is read.
        results = take({ x: batch.x, y: batch.y });
        loss = await results.loss.item();
      } catch (error) {
        throw explained(error, progress);
      }
      const figures = await readFigures(names.map((name) => [name, results[keyOf(name)]]));
      const [size] = batch.x.shape;
      epochLoss.add(loss, size);
      epochMetrics.add(figures, size);
      yield { event: "step", ...progress, loss, metrics: figures };
    }
    const seconds = secondsSince(started);
    yield { event: "epoch", epoch, epochs, loss: epochLoss.value, metrics: epochMetrics.value, seconds };
  }
}

/** Checks a batch at run time. Throws: ArgumentError unless it has tensors x and y */
export function expectBatch(called: string, batch: unknown): void {
  const { x, y } = Object(batch) as Record<string, unknown>;
  if (x instanceof Tensor && y instanceof Tensor) return;
  const fields = typeof batch === "object" && batch !== null ? Object.keys(batch).join(", ") : "";
  throw new ArgumentError(
    called,
    `the loader yields a batch ${fields === "" ? "without fields" : `of ${fields}`}; expected the tensors x and y`,
    "Name the fields of the dataset x and y, as in arrays({ x, y }), or write the loop with trainStep",
  );
}

/** The seconds since a `performance.now()`, at least 0, because a clock may be set back while a computer sleeps. */
function secondsSince(started: number): number {
  return Math.max(0, performance.now() - started) / 1000;
}

/** The name of a metric in the results of a step, with a prefix, because a metric may be named `loss` too. */
function keyOf(name: string): string {
  return `metrics.${name}`;
}

/** Converts the error of a step that was refused into one with the loss, the epoch and the step. */
function explained(error: unknown, { epoch, step }: Progress): unknown {
  if (!(error instanceof CheckError) || error.called !== "trainStep") return error;
  const loss = ["NaN", "Infinity", "-Infinity"][error.code - 1];
  return new StargradError(
    "fit",
    `the loss is ${loss} in epoch ${epoch}, step ${step}; the weights are those of the step before`,
    "Try a smaller learning rate, and check the data for NaN and infinities",
  );
}
