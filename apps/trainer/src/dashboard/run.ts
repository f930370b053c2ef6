import { Buffer as StateBuffer } from "@stargrad/autograd";
import { DataLoader } from "@stargrad/datasets";
import { watchStep } from "@stargrad/explain";
import { crossEntropy } from "@stargrad/nn";
import { AdamW, schedules } from "@stargrad/optim";
import { Generator, stack, StargradError, tensor, type Tensor } from "@stargrad/tensor";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  predict,
  restoreCheckpoint,
  trainStep,
  type Json,
} from "@stargrad/train";

import { Classifier, classifierFor } from "./classifier.js";
import { Examples, scaleOf, type Data } from "./data.js";
import { Histograms } from "./histograms.js";
import {
  columns,
  explainEvery,
  smoothing,
  type EpochRecord,
  type RunEnd,
  type StepCredit,
  type StepNumbers,
} from "./records.js";
import type { RunSettings } from "./settings.js";
import type { Split } from "./split.js";

/** A training, step by step. All that is recorded of it survives in its checkpoint. */
export class DashboardRun {
  readonly data: Data;
  readonly settings: RunSettings;
  readonly split: Split;
  /** The numbers of each step so far. */
  readonly steps: StepNumbers[] = [];
  readonly epochs: EpochRecord[] = [];
  readonly credits: StepCredit[] = [];
  end: RunEnd | null = null;
  readonly model: Classifier;
  readonly #optimizer: AdamW;
  readonly #examples: Examples;
  readonly #loader: DataLoader<{ x: Tensor; y: Tensor }>;
  readonly #heldOut: Examples;
  readonly #schedule: (step: number) => number;
  readonly #step: (inputs: { x: Tensor; y: Tensor }) => Record<"loss" | "right" | "silent", Tensor>;
  readonly #gradientNorm = new StateBuffer(tensor(0));
  readonly #histograms: Histograms;
  /** The checkpoint after each epoch, from which it can go on or be repeated. */
  readonly #saved = new Map<number, Uint8Array>();
  /** What the model took each held-out example for after the last epoch. */
  #says = new Int32Array(0);
  #batches: Iterator<{ x: Tensor; y: Tensor }> | null = null;

  constructor(data: Data, split: Split, settings: RunSettings) {
    const { seed, model, units, learningRate, batchSize, epochs, schedule } = settings;
    this.data = data;
    this.split = split;
    this.settings = settings;
    const scale = scaleOf(data, split.training);
    this.#examples = new Examples(data, split.training, scale);
    this.#heldOut = new Examples(data, split.heldOut, scale);
    this.#loader = new DataLoader(this.#examples, { batchSize, shuffle: true, seed });
    this.model = classifierFor(data, model, { units, generator: new Generator(seed) });
    this.#optimizer = new AdamW(this.model.parameters(), { learningRate });
    const falling = schedules.cosine({ steps: epochs * this.#loader.length, minimum: 0.05 });
    this.#schedule = (step) => learningRate * (schedule === "cosine" ? falling(step) : 1);
    this.#histograms = new Histograms(this.model);
    this.#step = trainStep({
      model: this.model,
      optimizer: this.#optimizer,
      loss: ({ x, y }) => this.#measure(x, y),
      afterBackward: () => {
        const norms = this.model.parameters().flatMap(({ grad }) => (grad === null ? [] : [grad.norm()]));
        this.#gradientNorm.assign(stack(norms).norm());
      },
    });
  }

  get stepsPerEpoch(): number {
    return this.#loader.length;
  }

  get totalSteps(): number {
    return this.settings.epochs * this.#loader.length;
  }

  /** How many hidden units there are. */
  get units(): number {
    return [...this.model.layers].slice(0, -1).reduce((sum, layer) => {
      const weight = layer.stateDict().get("weight");
      return sum + (weight?.shape[0] ?? 0);
    }, 0);
  }

  /** Asked anew, because a step may have ended the run meanwhile. */
  #isOver(): boolean {
    return this.end !== null;
  }

  #measure(x: Tensor, y: Tensor): Record<"loss" | "right" | "silent", Tensor> {
    const { output, hidden } = this.model.trace(x);
    // A unit is silent if no example of the batch, and no place of a picture, wakes it.
    const silent = hidden.map((values) => {
      const others = values.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
      return values.amax({ axis: others }).equal(0).sum();
    });
    const none: Tensor = tensor(0, { dtype: "int32" });
    return {
      loss: crossEntropy(output, y),
      right: output.argmax({ axis: 1 }).equal(y).sum(),
      silent: silent.reduce((sum, count) => sum.add(count), none),
    };
  }

  /** Makes the next step, and what follows an epoch. Before the first step, the first weights are recorded. */
  async step(): Promise<void> {
    if (this.#isOver()) return;
    if (this.epochs.length === 0) await this.#record(0);
    if (this.#isOver()) return;
    this.#batches ??= this.#loader[Symbol.iterator]();
    const next = this.#batches.next();
    if (next.done === true) throw new Error("The loader has no batch left");
    await this.#train(next.value);
    if (this.#isOver() || this.steps.length % this.stepsPerEpoch !== 0) return;
    // The loader begins its next epoch.
    this.#batches.next();
    this.#batches = null;
    await this.#record(this.steps.length / this.stepsPerEpoch);
    if (!this.#isOver() && this.steps.length === this.totalSteps) this.end = { kind: "done" };
  }

  async #train({ x, y }: { x: Tensor; y: Tensor }): Promise<void> {
    const number = this.steps.length + 1;
    const rate = this.#schedule(this.steps.length);
    for (const group of this.#optimizer.groups) group.learningRate = rate;
    const parameters = this.model.namedParameters();
    const account =
      number % explainEvery === 0 || number === 1
        ? await watchStep({ parameters, loss: () => crossEntropy(this.model.forward(x), y) })
        : null;
    const before = this.#weights();
    const started = performance.now();
    const { loss, right, silent } = this.#step({ x, y });
    const [lossBefore, count, silentUnits] = await Promise.all([loss.item(), right.item(), silent.item()]);
    const seconds = (performance.now() - started) / 1000;
    const gradientNorm = this.#gradientNorm.itemSync();
    const updateRatio = ratioOf(before, this.#weights());
    if (![lossBefore, gradientNorm, updateRatio].every(Number.isFinite)) {
      this.#fail();
      return;
    }
    const examples = x.shape[0];
    const recent = this.steps.slice(1 - smoothing);
    const mean = (past: readonly number[], now: number): number =>
      (past.reduce((sum, value) => sum + value, 0) + now) / (past.length + 1);
    const share = count / examples;
    this.steps.push({
      loss: lossBefore,
      right: share,
      meanLoss: mean(recent.map((step) => step.loss), lossBefore), // prettier-ignore
      meanRight: mean(recent.map((step) => step.right), share), // prettier-ignore
      rate,
      gradientNorm,
      updateRatio,
      silent: silentUnits,
      // A page measures time in parts of a tenth of a millisecond.
      speed: examples / Math.max(seconds, 1e-4),
    });
    if (account === null) return;
    const explanation = await account(lossBefore).catch((error: unknown) => {
      if (error instanceof StargradError) return null;
      throw error;
    });
    // The loss after the step is no number: the next step would not be one either.
    if (explanation === null) {
      this.#fail();
      return;
    }
    const { promise, paid, unexplained, moved, lossAfter } = explanation;
    const layers = [...explanation.byLayer().values()].map((credit, i) => ({
      layer: this.layerNames[i],
      ...credit,
    }));
    this.credits.push({
      step: number,
      examples,
      lossBefore,
      lossAfter,
      promise,
      paid,
      unexplained,
      moved,
      layers,
    });
  }

  /** Ends the run at numbers that are none. What was recorded before stays. */
  #fail(): void {
    const rate = Number(this.settings.learningRate.toPrecision(3));
    this.end = {
      kind: "failed",
      sentence: `The numbers grew beyond all bounds after step ${this.steps.length}: the learning rate ${rate} is too large, or the data is.`,
    };
  }

  /** The names of the layers with weights, from the input to the output. */
  get layerNames(): readonly string[] {
    const { model, what } = { ...this.settings, what: this.data.what };
    if (model === "linear") return ["the only layer"];
    if (model === "mlp" || what === "row") return ["first layer", "last layer"];
    return ["first convolution", "second convolution", "last layer"];
  }

  #weights(): Float32Array[] {
    return this.model.parameters().map((parameter) => parameter.dataSync().slice() as Float32Array);
  }

  /** Measures the held-out examples after an epoch, and records how the weights lie. */
  async #record(epoch: number): Promise<void> {
    const classes = this.data.classes.length;
    const confusion = Array<number>(classes * classes).fill(0);
    const says = new Int32Array(this.#heldOut.length);
    let [loss, right] = [0, 0];
    for (let start = 0; start < says.length; start += 500) {
      const positions = Int32Array.from({ length: Math.min(500, says.length - start) }, (_, i) => start + i);
      const { x, y } = this.#heldOut.batch(positions);
      const output = await predict(this.model, x, { batchSize: 500 });
      const mean = crossEntropy(output, y);
      loss += (await mean.item()) * positions.length;
      says.set(await output.argmax({ axis: 1 }).data(), start);
      const is = y.dataSync();
      for (let i = 0; i < positions.length; i++) {
        confusion[is[i] * classes + says[start + i]]++;
        right += Number(is[i] === says[start + i]);
      }
    }
    if (!Number.isFinite(loss)) {
      this.#fail();
      return;
    }
    this.#says = says;
    this.epochs.push({
      epoch,
      step: this.steps.length,
      loss: loss / Math.max(1, says.length),
      right,
      of: says.length,
      confusion,
      histograms: this.#histograms.of(this.model),
    });
    this.#saved.set(epoch, await this.save());
  }

  /**
   * Trains an epoch once more, on a second model, from the checkpoint in which it began. Tells how many weights there are, and how many
   * differ in any bit from those that the epoch led to.
   */
  async replay(epoch: number): Promise<{ readonly weights: number; readonly different: number }> {
    const [from, to] = [this.#saved.get(epoch - 1), this.#saved.get(epoch)];
    if (from === undefined || to === undefined)
      throw new StargradError("The run", `has no record of epoch ${epoch}`);
    const again = await this.from(epoch - 1, this.settings);
    while (again.epochs.length <= epoch) await again.step();
    const { model } = await decodeCheckpoint(to);
    let [weights, different] = [0, 0];
    for (const [name, parameter] of again.model.namedParameters()) {
      const [made, recorded] = [parameter.dataSync(), model.get(name)?.dataSync()];
      weights += made.length;
      for (const [i, value] of made.entries()) different += Number(!Object.is(value, recorded?.[i]));
    }
    return { weights, different };
  }

  /** A new run that goes on from the end of an epoch of this one, with other settings of the optimizer. */
  async from(epoch: number, settings: RunSettings): Promise<DashboardRun> {
    const bytes = this.#saved.get(epoch);
    if (bytes === undefined) throw new StargradError("The run", `has no record of epoch ${epoch}`);
    const run = new DashboardRun(this.data, this.split, settings);
    await run.restore(bytes);
    run.end = run.steps.length < run.totalSteps ? null : { kind: "done" };
    return run;
  }

  /** The indices of the held-out examples of a class that were taken for a class after the last epoch. */
  examplesOf(is: number, says: number): number[] {
    const { indices } = this.#heldOut;
    return [...indices].filter((index, i) => this.data.labels[index] === is && this.#says[i] === says);
  }

  /** The run as the bytes of a checkpoint. Only between two steps. `sample`: the name of its data, if it is no file */
  save(sample: string | null = null): Promise<Uint8Array> {
    return encodeCheckpoint({
      ...this.#training(),
      metadata: {
        sample,
        settings: { ...this.settings },
        steps: this.steps.map((step) => columns.map((column) => step[column])),
        // Records of numbers, words and lists of them. An interface has no index, so its type is not seen to be JSON.
        epochs: this.epochs as unknown as Json,
        credits: this.credits as unknown as Json,
        histograms: this.#histograms.ranges,
        says: [...this.#says],
        end: this.end,
      },
    });
  }

  /** The settings of a run that was saved, and the name of its data. Throws: FormatError or StargradError for other bytes */
  static async describe(bytes: Uint8Array): Promise<{ settings: RunSettings; sample: string | null }> {
    const { metadata } = await decodeCheckpoint(bytes);
    // Looked at below: other bytes have neither.
    const { settings, sample } = metadata as unknown as { settings?: RunSettings; sample?: string | null };
    if (settings === undefined || sample === undefined) {
      throw new StargradError("The saved run", "is none of this page");
    }
    return { settings, sample };
  }

  /** Goes on from a run that was saved, of the same data and settings, bit for bit. Throws: FormatError or ArgumentError if it does not fit */
  async restore(bytes: Uint8Array): Promise<void> {
    const checkpoint = await decodeCheckpoint(bytes);
    restoreCheckpoint(checkpoint, this.#training());
    // Written by `save`, and sealed by the checkpoint; bytes of another kind fail in the line above.
    const { steps, epochs, credits, says, histograms, end } = checkpoint.metadata as unknown as Saved;
    const named = steps.map((numbers) =>
      Object.fromEntries(columns.map((column, i) => [column, numbers[i]])),
    );
    this.steps.splice(0, Infinity, ...(named as StepNumbers[]));
    this.epochs.splice(0, Infinity, ...epochs);
    this.credits.splice(0, Infinity, ...credits);
    this.#says = Int32Array.from(says);
    this.#histograms.ranges = [...histograms];
    this.#batches = null;
    this.end = end;
    const last = this.epochs.at(-1);
    if (last !== undefined && last.step === this.steps.length) this.#saved.set(last.epoch, bytes);
  }

  #training() {
    return { model: this.model, optimizer: this.#optimizer, loader: this.#loader };
  }
}

interface Saved {
  readonly steps: readonly (readonly number[])[];
  readonly epochs: readonly EpochRecord[];
  readonly credits: readonly StepCredit[];
  readonly says: readonly number[];
  readonly histograms: readonly number[];
  readonly end: RunEnd | null;
}

/** ‖Δw‖ ÷ ‖w‖ of all weights together. */
function ratioOf(before: readonly Float32Array[], after: readonly Float32Array[]): number {
  let [change, size] = [0, 0];
  for (const [i, old] of before.entries()) {
    for (let j = 0; j < old.length; j++) {
      change += (after[i][j] - old[j]) ** 2;
      size += old[j] ** 2;
    }
  }
  return size === 0 ? 0 : Math.sqrt(change / size);
}
