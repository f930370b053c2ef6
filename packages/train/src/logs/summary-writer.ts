import { encodePng } from "@stargrad/datasets";
import { ArgumentError, StargradError, type Tensor } from "@stargrad/tensor";
import {
  count,
  expectOptions,
  expectValues,
  flag,
  isPlainObject,
  text as textKind,
  toTensor,
  wholeFrom,
  type Kind,
} from "@stargrad/tensor/internal";

import { AppendFile } from "./append-file.js";
import * as events from "./events.js";
import { histogramOf } from "./histogram.js";
import { checkedNumbers, expectStep, type RunLog } from "./run-log.js";

export interface SummaryWriterOptions {
  /** The first step of a run that is continued: TensorBoard then ignores what earlier files say about it and later steps. */
  readonly purgeStep?: number;
}

export interface HistogramOptions {
  /** Default: 30. */
  readonly buckets?: number;
}

/** The values of hyperparameters by name. */
export type Hyperparameters = Readonly<Record<string, events.Hyperparameter>>;

const hyperparametersKind: Kind = [
  "numbers, texts and booleans by name, such as { learningRate: 0.1 }",
  (values) =>
    isPlainObject(values) &&
    Object.values(values).every((value) => ["number", "string", "boolean"].includes(typeof value)),
];

/** Files of this process, which have different names. */
let filesOfProcess = 0;

/**
 * Writes an event file of TensorBoard, `events.out.tfevents.…`, into a folder, which is one run: `tensorboard --logdir` shows the runs of a
 * folder. Each call appends its event to the file before it returns, so nothing is lost if the process is killed.
 *
 * Scalars are float32, also NaN and infinities, which TensorBoard shows as such. A step is a whole number from 0 to 2⁵³ − 1.
 *
 * Throws: StargradError if the file cannot be made or written
 * Source: torch.utils.tensorboard.SummaryWriter
 */
export class SummaryWriter implements RunLog {
  /** The event file. */
  readonly path: string;
  readonly #file: AppendFile;
  #hasHyperparameters = false;

  constructor(folder: string, options: SummaryWriterOptions = {}) {
    expectValues("SummaryWriter", { folder }, textKind);
    expectOptions("SummaryWriter", options, { purgeStep: wholeFrom(0) });
    const seconds = String(Math.floor(now())).padStart(10, "0");
    // Both are the same in a page, where opening the file is an error.
    const process = globalThis.process as Partial<NodeJS.Process> | undefined;
    const host = process?.getBuiltinModule?.("node:os").hostname() ?? "page";
    const name = ["events.out.tfevents", seconds, host, process?.pid ?? 0, filesOfProcess++].join(".");
    this.path = `${folder}/${name}`;
    this.#file = new AppendFile("SummaryWriter", this.path, { isNew: true });
    this.#append(events.versionEvent(now()));
    const { purgeStep } = options;
    if (purgeStep !== undefined) this.#append(events.restartEvent(now(), purgeStep));
  }

  /** Throws: ArgumentError unless the tag is a text, the value a number and the step a whole number of at least 0 */
  addScalar(tag: string, value: number, step: number): void {
    expectTag("addScalar", tag);
    const [[, scalar]] = checkedNumbers("SummaryWriter.addScalar", step, { value });
    this.#write(step, events.scalarValue(tag, scalar));
  }

  /** Several scalars at one step. Throws: ArgumentError for what are no numbers and for a step below 0 */
  log(step: number, values: Readonly<Record<string, number>>): void {
    const numbers = checkedNumbers("SummaryWriter.log", step, values);
    this.#write(step, ...numbers.map(([tag, value]) => events.scalarValue(tag, value)));
  }

  /**
   * How many values lie in each of some buckets of equal width between the smallest and the largest. Values that are not finite are in no bucket; if there are any,
   * their number is the scalar `<tag>/non-finite`.
   *
   * Shapes: values of any shape
   * Defaults: 30 buckets
   */
  async addHistogram(
    tag: string,
    values: Tensor | ArrayLike<number>,
    step: number,
    options: HistogramOptions = {},
  ): Promise<void> {
    const called = "SummaryWriter.addHistogram";
    expectTag("addHistogram", tag);
    expectStep(called, step);
    expectOptions(called, options, { buckets: count });
    const numbers = ArrayBuffer.isView(values)
      ? (values as ArrayLike<number>)
      : await toTensor(called, values).data();
    const histogram = histogramOf(numbers, options.buckets ?? 30);
    const { nonFinite } = histogram;
    const found = nonFinite === 0 ? [] : [events.scalarValue(`${tag}/non-finite`, nonFinite)];
    this.#write(step, events.histogramValue(tag, histogram), ...found);
  }

  /**
   * A picture, as PNG (see {@link encodePng}).
   *
   * Shapes: image [channels, H, W] or [H, W]; 1 channel for grey, 3 for colours, 4 with opacity. Floats from 0 to 1, int32 from 0 to 255
   * Throws: ShapeError for other shapes
   */
  async addImage(tag: string, image: Tensor, step: number): Promise<void> {
    expectTag("addImage", tag);
    expectStep("SummaryWriter.addImage", step);
    const pixels = toTensor("SummaryWriter.addImage", image);
    const png = await encodePng(pixels);
    const [channels, height, width] = pixels.ndim === 2 ? [1, ...pixels.shape] : pixels.shape;
    this.#write(step, events.imageValue(tag, { channels, height, width, png }));
  }

  /** A text, which TensorBoard shows as Markdown. */
  addText(tag: string, text: string, step: number): void {
    expectTag("addText", tag);
    expectValues("SummaryWriter.addText", { text }, textKind);
    expectStep("SummaryWriter.addText", step);
    this.#write(step, events.textValue(tag, text));
  }

  /**
   * The hyperparameters of this run, once. TensorBoard compares the runs of a folder by them, and by their scalars.
   *
   * Throws: ArgumentError for other values than numbers, texts and booleans; StargradError if there are some already
   */
  addHyperparameters(hyperparameters: Hyperparameters): void {
    const called = "SummaryWriter.addHyperparameters";
    expectValues(called, { hyperparameters }, hyperparametersKind);
    if (this.#hasHyperparameters) {
      throw new StargradError(called, "this run has hyperparameters already", "Log all of them in one call");
    }
    this.#write(0, events.sessionStartValue(hyperparameters, now()));
    this.#hasHyperparameters = true;
  }

  flush(): void {
    this.#file.flush();
  }

  /** Closes the file. A run with hyperparameters is noted as a success, unless `failed`. A second call does nothing. */
  close({ failed = false }: { readonly failed?: boolean } = {}): void {
    expectOptions("SummaryWriter.close", { failed }, { failed: flag });
    if (this.#hasHyperparameters) this.#write(0, events.sessionEndValue(failed, now()));
    this.#hasHyperparameters = false;
    this.#file.close();
  }

  #write(step: number, ...values: readonly Uint8Array[]): void {
    this.#append(events.summaryEvent(now(), step, values));
  }

  #append(event: Uint8Array): void {
    this.#file.append(events.recordOf(event));
  }
}

function expectTag(method: string, tag: string): void {
  if (typeof tag === "string" && tag !== "") return;
  throw new ArgumentError(`SummaryWriter.${method}`, `got tag ${JSON.stringify(tag)}; expected a name`);
}

/** In seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}
