import type { DataLoader } from "@stargrad/datasets";
import type { Layer, Module } from "@stargrad/nn";
import type { ClosureOptimizer, EMA, Optimizer, Scheduler } from "@stargrad/optim";
import { ArgumentError, CheckError, stack, StargradError, type Tree } from "@stargrad/tensor";
import { warn } from "@stargrad/tensor/internal";

import type { Clip } from "./clip.js";
import { expectEarlyStopping, stoppingOf, type EarlyStopping } from "./early-stopping.js";
import { isEvaluated } from "./eval-mode.js";
import { evaluatorOf } from "./evaluate.js";
import { expectLoader } from "./expect-loader.js";
import {
  addTo,
  expectItems,
  figuresOf,
  figuresOfStep,
  measuresOf,
  metricsIn,
  type Measures,
} from "./measures.js";
import type { AnyMetric, Figures, Metric, Metrics } from "./metrics.js";
import { passOf, type Batch, type BatchTensors, type Pass } from "./pass.js";
import { expectAlone, noteRun, recordOf, running, runOf, type RunRecord } from "./run-record.js";
import { expectTraining, rateSetter, trainingKinds, type FitSchedule, type Training } from "./training.js";
import { updateOf } from "./update.js";

/** What a training needs, whatever its batches are. */
interface CommonOptions {
  readonly optimizer: Optimizer | ClosureOptimizer;
  /** The total number of epochs. */
  readonly epochs: number;
  /**
   * Clips the gradients of the optimizer's parameters before every update: to a norm of all of them together (a number, or
   * `{ norm }`; see `clipGradNorm`), or each element to a magnitude (`{ value }`). Default: no clipping.
   */
  readonly clip?: Clip;
  /**
   * The number of batches of one update. Their gradients are summed, so that the update is that of one larger batch, with the memory of
   * a small one. The last update of an epoch may have fewer. Default: 1.
   */
  readonly accumulate?: number;
  /**
   * The number of completed epochs of a resumed run; 0 starts anew. Default: that of a restored loader or of a run that was stopped,
   * otherwise 0.
   */
  readonly startEpoch?: number;
  /** Sets the learning rate before every step, by the number of steps since the start of the run. Default: none. */
  readonly schedule?: FitSchedule;
  /** Averages that are updated after every step, and validated instead of the weights. Default: none. */
  readonly ema?: EMA;
  /**
   * Ends the run after epochs without an improvement of the loss or of a metric, of the validation data if there are some, and gives the
   * model the weights of the best epoch. Default: none.
   */
  readonly earlyStopping?: EarlyStopping;
  /** An AbortSignal. It ends the run after the step that is being taken. Another `fit`, or a checkpoint, goes on from there. Default: none. */
  readonly signal?: { readonly aborted: boolean };
  /** Not used by `fit`: one object describes a training for `fit`, `saveCheckpoint` and `restoreCheckpoint`. */
  readonly generators?: Training["generators"];
  /** Not used by `fit`, as `generators`. */
  readonly states?: Training["states"];
}

/** A training of a layer with batches `{ x, y }`. */
export interface FitOptions<Name extends string> extends CommonOptions {
  readonly model: Layer;
  /** Its batches may be promises, as those of an image folder. */
  readonly loader: DataLoader<Batch | Promise<Batch>>;
  /** The loss to minimize. */
  readonly loss: Metric;
  /** Further metrics to report with the loss. Default: none. */
  readonly metrics?: Metrics<Name>;
  /** Data to compute the loss and the metrics of after every epoch, as `evaluate` does. Default: none. */
  readonly validation?: DataLoader<Batch | Promise<Batch>>;
  readonly forward?: undefined;
}

/** A training with batches of any nesting of tensors. Write `forward` before `loss`, so that TypeScript knows the type of its output. */
export interface FitForwardOptions<Name extends string, M extends Module, B, Output> extends CommonOptions {
  readonly model: M;
  readonly loader: DataLoader<B>;
  /** Calls the model with the tensors of a batch. Other fields, such as file names, are left out. */
  readonly forward: (model: M, batch: BatchTensors<Awaited<B>>) => Output;
  /** The loss to minimize, of the result of `forward` and the tensors of the batch. */
  readonly loss: Metric<Output, BatchTensors<Awaited<B>>>;
  /** Further metrics to report with the loss, of the same arguments. Default: none. */
  readonly metrics?: Metrics<Name, Output, BatchTensors<Awaited<B>>>;
  /** Data to compute the loss and the metrics of after every epoch, as `evaluate` does. Default: none. */
  readonly validation?: DataLoader<B>;
}

/** The options of any training, as `fit` reads them. */
type AnyOptions = CommonOptions & {
  readonly model: Module;
  readonly loader: DataLoader<unknown>;
  readonly forward?: ((model: never, batch: never) => unknown) | undefined;
  readonly loss: AnyMetric;
  readonly metrics?: Measures;
  readonly validation?: DataLoader<unknown>;
};

/** The position of a step in the training. */
export interface Progress {
  /** Counted from 1. */
  readonly epoch: number;
  /** Counted from 1 in every epoch. With `accumulate`, a step has several batches. */
  readonly step: number;
  /** The number of steps of an epoch. */
  readonly steps: number;
}

/**
 * Before every step: its batch, before anything is drawn or changed for the step. A checkpoint that is saved here resumes with this
 * step. With `accumulate` there is one event for each batch, and all of them are before the step.
 */
export interface BatchEvent<B = Batch> extends Progress {
  readonly event: "batch";
  readonly batch: B;
}

/** After every step: loss and metrics of its batch, computed with the weights before the step. */
export interface StepEvent<Name extends string = never> extends Progress {
  readonly event: "step";
  readonly loss: number;
  readonly metrics: Figures<Name>;
}

/**
 * After every epoch: the means of loss and metrics over its items, as `evaluate` returns them, but each computed with the weights before its step. A checkpoint
 * contains the sums of an unfinished epoch, so a resumed run has the same means.
 */
export interface EpochEvent<Name extends string = never> {
  readonly event: "epoch";
  /** The number of completed epochs. */
  readonly epoch: number;
  /** The total number of epochs. */
  readonly epochs: number;
  readonly loss: number;
  readonly metrics: Figures<Name>;
  /** Loss and metrics of the data of the option `validation`, with the weights after the epoch or, with `ema`, their averages. */
  readonly validation?: { readonly loss: number; readonly metrics: Figures<Name> };
  /** With `earlyStopping`: whether it is the best epoch so far. */
  readonly isBest?: boolean;
  /** The time since the epoch or its rest began, with the validation. */
  readonly seconds: number;
}

/** What `fit` yields: an event for each batch, each step of the optimizer, and each epoch. */
export type FitEvent<Name extends string = never, B = Batch> =
  BatchEvent<B> | StepEvent<Name> | EpochEvent<Name>;

/** The events of a training, to be iterated over. Awaited, it trains to the end, and returns the events of the epochs. */
export interface FitRun<Name extends string = never, B = Batch>
  extends AsyncGenerator<FitEvent<Name, B>, void, undefined>, PromiseLike<readonly EpochEvent<Name>[]> {
  /** The total number of epochs. */
  readonly epochs: number;
}

/**
 * Trains a model. The steps are recorded (see `trainStep`): `forward` is called only when a step is recorded, so everything
 * that differs from step to step must be a tensor operation, such as a random draw. Training advances only while the caller
 * iterates over the events; between two events the model can be inspected, evaluated or saved. To stop early, leave the loop.
 *
 * `await fit(…)` trains to the end without a loop, and returns the events of the epochs. Without `await` and without a loop,
 * nothing is trained.
 *
 * The model is in training mode. If it is in evaluation mode after an event, because of `model.eval()`, it gets back the modes from
 * before the event. `eval()` of a layer inside of it, to freeze running statistics, stays.
 *
 * A run continues where it was: at the position of a restored loader, or, if the loop was left before the end of the run, after
 * its last step when `fit` is called again with the same model, optimizer and loader. `startEpoch: 0` starts a stopped run anew. After a
 * whole run, the next one counts from epoch 1.
 *
 * A step whose items all have the target that the loss ignores is left out: its loss is the mean over nothing, NaN. A warning says so once, no
 * variable changes, and it counts in no figure of the epoch. With `accumulate`, such a batch adds nothing to the update.
 *
 * Throws: StargradError if the loss is not a finite number; the weights are then those before the step. StargradError if gradients were not finite
 * although the loss was, as those of a square root at 0 are: when the next step finds the weights so, or after the last epoch.
 * ArgumentError if a loader has no batches, or batches without x and y, or if the loss ignores all items of an epoch or of the validation
 */
export function fit<Name extends string = never, M extends Module = Module, B = unknown, Output = unknown>(
  options: FitForwardOptions<Name, M, B, Output>,
): FitRun<Name, Awaited<B>>;
export function fit<Name extends string = never>(options: FitOptions<Name>): FitRun<Name>;
export function fit(options: AnyOptions): FitRun<string, unknown> {
  expectTraining<Partial<AnyOptions>>("fit", options, trainingKinds, required);
  if (options.validation !== undefined) expectLoader("fit", options.validation);
  if (options.earlyStopping !== undefined) {
    expectEarlyStopping(options.earlyStopping, Object.keys(options.metrics ?? {}));
  }
  expectTrained(options);
  const run = events(options);
  let history: Promise<readonly EpochEvent<string>[]> | undefined;
  // A run that is awaited would otherwise train nothing, in silence.
  const then: FitRun<string>["then"] = (resolve, reject) => (history ??= epochsOf(run)).then(resolve, reject);
  return Object.assign(run, { then, epochs: options.epochs });
}

const aloneHint =
  "Await the first run before the next one; to end it early, leave its loop or call its return()";

const required = ["model", "optimizer", "loader", "loss", "epochs"] as const;

async function epochsOf(
  run: AsyncIterable<FitEvent<string, unknown>>,
): Promise<readonly EpochEvent<string>[]> {
  const epochs: EpochEvent<string>[] = [];
  for await (const event of run) if (event.event === "epoch") epochs.push(event);
  return epochs;
}

async function* events(options: AnyOptions): AsyncGenerator<FitEvent<string, unknown>, void, undefined> {
  const { model, optimizer, loader, epochs, schedule, ema, accumulate = 1, earlyStopping, signal } = options;
  if (loader.length === 0) throw new ArgumentError("fit", "the loader has no batches");
  if (options.validation?.length === 0)
    throw new ArgumentError("fit", "the validation loader has no batches");
  expectAlone("fit", options, aloneHint);
  let record = startOf(options);
  const isAborted = (): boolean => signal?.aborted === true;
  const isOver = (): boolean =>
    record.completed >= epochs || (earlyStopping !== undefined && stoppingOf(options).isOver(earlyStopping));
  model.train();
  const setRate = rateSetter(optimizer, schedule);
  const names = Object.keys(options.metrics ?? {});
  const pass = passOf(model, options.forward);
  const measures: Measures = { loss: options.loss, ...measuresOf(options.metrics) };
  const update = updateOf({ ...options, pass, measures });
  const validate = validationOf(options, pass, measures);
  const told = (figures: Figures<string>) => ({ loss: figures["loss"], metrics: metricsIn(figures, names) });
  const steps = Math.ceil(loader.length / accumulate);
  let hasWarned = false;
  running.add(model).add(optimizer).add(loader);
  try {
    while (!isOver()) {
      if (isAborted()) return;
      const { completed, sums } = record;
      const epoch = completed + 1;
      const isWhole = record.position === 0;
      const started = performance.now();
      const modules = model.modules();
      noteRun(options, record);

      let batches: Tree[] = [];
      for await (const batch of loader) {
        batches.push(pass.tensorsOf("fit", batch));
        const { position } = loader.state();
        const step = Math.ceil(position / accumulate);
        const progress: Progress = { epoch, step, steps };
        record.ahead = batches.length;
        let modes = modesOf(modules);
        yield { event: "batch", ...progress, batch };
        keepTraining(modules, modes);
        if (isAborted()) return;
        if (position % accumulate > 0 && position < loader.length) continue;

        setRate(completed * steps + step - 1);
        const taken = await update(batches).catch(async (error: unknown) => {
          throw await explained(error, progress, optimizer);
        });
        batches = [];
        if (taken.length > 0) ema?.update();
        else hasWarned ||= warnOfNothing(progress);
        for (const figures of taken) addTo(sums, measures, figures);
        record.position = position;
        record.ahead = 0;
        modes = modesOf(modules);
        yield { event: "step", ...progress, ...told(figuresOfStep(taken, measures)) };
        keepTraining(modules, modes);
        if (isAborted()) return;
      }
      // Otherwise the loss of the next step tells.
      if (epoch >= epochs && !(await areFinite(optimizer))) throw notFinite(`after epoch ${epoch}`);
      // The sums of a loader that only was restored are those of the rest of an epoch.
      if (isWhole) expectItems("fit", sums, `epoch ${epoch}`);
      const validation = await validate?.();
      const figures = figuresOf(sums, measures);
      const isBest =
        earlyStopping === undefined
          ? undefined
          : await stoppingOf(options).note(
              decisive(validation ?? figures, earlyStopping),
              earlyStopping,
              options,
            );
      record = recordOf(loader, { completed: epoch, epoch: record.epoch + 1 });
      noteRun(options, record);
      const modes = modesOf(modules);
      yield {
        event: "epoch",
        epoch,
        epochs,
        ...told(figures),
        ...(validation !== undefined && { validation: told(validation) }),
        ...(isBest !== undefined && { isBest }),
        seconds: secondsSince(started),
      };
      keepTraining(modules, modes);
    }
  } finally {
    running.delete(model);
    running.delete(optimizer);
    running.delete(loader);
    record.isStopped = !isOver();
  }
  if (earlyStopping !== undefined && earlyStopping.restoreBest !== false)
    stoppingOf(options).restoreBest(options);
}

/** The figure that decides on early stopping. */
function decisive(figures: Figures<string>, { of = "loss" }: EarlyStopping): number {
  return of === "loss" ? figures["loss"] : metricsIn(figures, [of])[of];
}

/** A function that computes the figures of the validation data, if there are any: with the averages of the weights, if there are. */
function validationOf(
  { model, validation, ema }: AnyOptions,
  pass: Pass,
  measures: Measures,
): (() => Promise<Figures<string>>) | undefined {
  if (validation === undefined) return undefined;
  const evaluateOn = evaluatorOf("fit", model, pass, measures);
  const validate = (): Promise<Figures<string>> => evaluateOn(validation);
  return ema === undefined ? validate : () => ema.withAverages(validate);
}

/** Throws: ArgumentError if the averages are those of another model, or the schedule sets the rates of another optimizer. */
function expectTrained({
  model,
  optimizer,
  schedule,
  ema,
}: Pick<AnyOptions, "model" | "optimizer" | "schedule" | "ema">): void {
  if (schedule !== undefined) expectScheduleOf(optimizer, schedule);
  const averaged = ema?.variables;
  if (averaged === undefined) return;
  const own = new Set<unknown>([
    ...model.parameters(),
    ...model.namedBuffers().values(),
    ...optimizer.groups.flatMap(({ parameters }) => parameters),
  ]);
  if (averaged.some((variable) => own.has(variable))) return;
  throw new ArgumentError(
    "fit",
    "got an EMA of another model: it averages no parameter that is trained",
    "Make it with new EMA(model.parameters())",
  );
}

/** Throws: ArgumentError if a Scheduler sets the learning rates of another optimizer */
function expectScheduleOf(optimizer: AnyOptions["optimizer"], schedule: FitSchedule): void {
  // An object with `set` and `stateDict` that is no Scheduler may have no optimizer.
  const scheduled = (schedule as Partial<Scheduler>).optimizer;
  const own: readonly unknown[] = optimizer.groups;
  if (scheduled === undefined || scheduled.groups.some((group) => own.includes(group))) return;
  throw new ArgumentError(
    "fit",
    `got a Scheduler of another optimizer (${nameOf(scheduled)}): it does not set the learning rates of the ${nameOf(optimizer)} that trains`,
    "Make it with new Scheduler(optimizer, schedule), or pass the schedule itself",
  );
}

/** An optimizer in an error message. */
function nameOf(optimizer: object): string {
  return optimizer.constructor === Object ? "an optimizer" : optimizer.constructor.name;
}

/** Where a run begins, or continues. Puts the loader there. */
function startOf(options: AnyOptions): RunRecord {
  const { loader, epochs, startEpoch } = options;
  const noted = runOf(options);
  const last = noted?.loader === loader ? noted : undefined;
  const restored = last?.isStopped === true && last.began === loader.restored ? null : loader.restored;
  const isStopped = last?.isStopped === true && startEpoch === undefined && restored === null;
  const from = isStopped ? { ...loader.state(), epoch: last.epoch, position: last.position } : restored;
  if (from === null) {
    const { epoch, position } = loader.state();
    if (options.earlyStopping !== undefined) stoppingOf(options).reset();
    warnIfComplete(startEpoch ?? 0, epochs);
    return recordOf(loader, { completed: startEpoch ?? 0, epoch: position > 0 ? epoch + 1 : epoch });
  }
  const known = last?.epoch === from.epoch && last.position === from.position ? last : undefined;
  // Only the event is left of an epoch whose last step was taken, and without its means not even this.
  const isOver = from.position === loader.length && known === undefined;
  const [epoch, position] = isOver ? [from.epoch + 1, 0] : [from.epoch, from.position];
  loader.restore({ ...from, epoch, position });
  const completed = (startEpoch ?? known?.completed ?? from.epoch) + Number(isOver);
  warnIfComplete(completed, epochs);
  return recordOf(loader, { completed, epoch, position, ...(known && { sums: known.sums }) });
}

function warnIfComplete(completed: number, epochs: number): void {
  if (completed === 0 || completed < epochs) return;
  warn(
    `fit: the run continues after ${completed} epochs and \`epochs\` is ${epochs}, so nothing is left to train. Ask for more epochs in total, or pass startEpoch: 0 to start anew.`,
  );
}

/** The modes of modules. */
function modesOf(modules: readonly Module[]): readonly boolean[] {
  return modules.map(({ training }) => training);
}

/** Sets a model back to the modes from before an event if it is in evaluation mode now, unless an evaluation is still running. */
function keepTraining([model, ...others]: readonly Module[], [, ...modes]: readonly boolean[]): void {
  if (model.training || isEvaluated(model)) return;
  model.train();
  for (const [i, module] of others.entries()) module.training = modes[i];
}

/** The seconds since a `performance.now()`, at least 0, because a clock may be set back while a computer sleeps. */
function secondsSince(started: number): number {
  return Math.max(0, performance.now() - started) / 1000;
}

/** Warns that a step was left out. Returns true. */
function warnOfNothing({ epoch, step }: Progress): true {
  warn(
    `fit: all items of step ${step} of epoch ${epoch} are ignored by the loss, or their classes have the weight 0, so the step is left out, and so are later ones like it.`,
  );
  return true;
}

/** Converts the error of a step that was refused into one with the loss, the epoch and the step. */
async function explained(
  error: unknown,
  { epoch, step }: Progress,
  optimizer: AnyOptions["optimizer"],
): Promise<unknown> {
  if (!(error instanceof CheckError) || error.called !== "trainStep") return error;
  const where = `in epoch ${epoch}, step ${step}`;
  if (!(await areFinite(optimizer))) return notFinite(`before the step ${where}`);
  const loss = ["NaN", "Infinity", "-Infinity"][error.code - 1];
  return new StargradError(
    "fit",
    `the loss is ${loss} ${where}; the weights are those of the step before`,
    "Try a smaller learning rate, and check the data for NaN, infinities and, if the loss is your own, batches in which all items are ignored",
  );
}

function notFinite(when: string): StargradError {
  return new StargradError(
    "fit",
    `weights are not finite ${when}, although the losses of all steps were: gradients were NaN or infinite, or a step was too large`,
    "Go back to an earlier checkpoint; try a smaller learning rate, and look for square roots, logarithms and divisions at 0 in the loss",
  );
}

/** Whether all elements of the parameters of an optimizer are finite numbers. */
async function areFinite({ groups }: AnyOptions["optimizer"]): Promise<boolean> {
  // 0 · x is NaN if x is not finite.
  const sums = groups.flatMap(({ parameters }) =>
    parameters.map((parameter) => parameter.detach().mul(0).sum().cast("float32")),
  );
  return sums.length === 0 || (await stack(sums).sum().item()) === 0;
}
