import { decodeImage, readCsv, type Column } from "@stargrad/datasets";
import { FormatError } from "@stargrad/io";
import { fromData, Generator, StargradError, type Tensor } from "@stargrad/tensor";
import { predict } from "@stargrad/train";
import type { Layer } from "@stargrad/nn";

import { classifierFor } from "../dashboard/classifier.js";
import { scaled } from "../dashboard/data.js";
import { trainedClassifier } from "../digits/classifier.js";
import type { SavedModel } from "../runs/saved-model.js";
import { savedSettings } from "../runs/task.js";
import { decodeDescription, meanOfEdge, type Description } from "./description.js";
import { sourceOf, taskOf, type RunSettings } from "./task.js";

/** A classifier that a run has trained, and what it was fitted to. */
export interface Trained {
  readonly model: Layer;
  readonly described: Description;
  /** Of one example, as the model takes it. */
  readonly inputShape: readonly number[];
  /** Null for digits, whose data divides itself. */
  readonly settings: RunSettings | null;
}

/** MNIST's digits, as `digits` trains on them. */
const digits: Description = {
  what: "picture",
  shape: [1, 28, 28],
  inputs: [],
  classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
  scale: { shift: new Float64Array(784), factor: new Float64Array(784).fill(1 / 255) },
  white: 255,
  isDark: true,
};

/**
 * The classifier of a checkpoint, from the checkpoint alone.
 *
 * Throws: StargradError if it is none of a classifier; FormatError if it does not say what its model was fitted to
 */
export function trainedIn({ path, checkpoint, command }: SavedModel): Trained {
  const source = sourceOf(command);
  if (source === null) {
    return {
      model: trainedClassifier(checkpoint, path),
      described: digits,
      inputShape: [784],
      settings: null,
    };
  }
  const described = decodeDescription(checkpoint.metadata);
  if (described === null) throw new FormatError(path, "does not say what its model was fitted to");
  const settings = savedSettings<RunSettings>(checkpoint, path, taskOf(source));
  // Only its number of classes and the shape of its examples are read.
  const data = {
    ...described,
    features: [],
    name: "",
    values: new Uint8Array(0),
    labels: new Int32Array(0),
    heldOutFrom: null,
    notes: [],
  };
  const model = classifierFor(data, settings.model, { units: settings.units, generator: new Generator(0) });
  model.loadStateDict(checkpoint.model);
  return { model, described, inputShape: described.shape, settings };
}

/** The examples in a file, as numbers before they are scaled, one after the other. */
export interface Examples {
  readonly values: Float32Array;
  readonly count: number;
  /** What was done that changes what is seen, as a sentence without a stop; null for nothing. */
  readonly remark: string | null;
}

/** The probabilities of the classes. Shapes: [N, classes] */
export async function probabilitiesOf(
  { model, described: { scale }, inputShape }: Trained,
  { values, count }: Pick<Examples, "values" | "count">,
): Promise<Tensor> {
  const size = scale.shift.length;
  const x = values.map((value, i) => scaled(value, scale, i % size));
  const logits = await predict(model, fromData(x, [count, ...inputShape]), { batchSize: 256 });
  return logits.softmax({ axis: 1 });
}

/**
 * Reads a picture as those of the training were read. If those are bright on a dark ground, and this one is dark on a bright ground, as
 * ink on paper, it is turned around.
 *
 * Throws: StargradError if it is no picture
 */
export async function readPicture(
  { described }: Trained,
  name: string,
  bytes: Uint8Array,
): Promise<Examples> {
  const { white, isDark, shape } = described;
  const [channels, height, width] = shape;
  if (white === null || (channels !== 1 && channels !== 3)) {
    const kind = white === null ? "numbers that are no pixels" : `${channels} channels`;
    throw new StargradError(name, `cannot be asked about: the model was trained on ${kind}`);
  }
  const picture = await decodeImage(bytes, { channels, size: [height, width] }).catch((error: unknown) => {
    if (!(error instanceof StargradError)) throw error;
    const problem = error.message.slice(error.called.length + 2);
    const hint = /expected a PNG/.test(problem) ? "Name PNG or JPEG files, or a folder of them" : undefined;
    throw new StargradError(name, problem, hint, { cause: error });
  });
  const pixels = await picture.data();
  const isTurned = isDark && meanOfEdge(pixels, shape) > 0.5;
  const values = new Float32Array(pixels).map((pixel) => {
    const byte = Math.round(255 * (isTurned ? 1 - pixel : pixel));
    return white === 255 ? byte : (byte / 255) * white;
  });
  const remark = isTurned ? "taken for ink on paper: dark and bright were turned around" : null;
  return { values, count: 1, remark };
}

/**
 * Reads the rows of a table with the columns and the categories of the training. `target`: a column to read as classes, too
 *
 * Throws: StargradError for a table that lacks a column, or a value that is missing or no category of the training
 */
export async function readRows(
  { described: { inputs, classes } }: Trained,
  name: string,
  file: File,
  target?: string,
): Promise<Examples & { readonly labels: Int32Array }> {
  const names = (await readCsv(file)).columns.map((column) => column.name);
  const wanted = target === undefined ? inputs : [...inputs, { name: target, categories: classes }];
  const missing = wanted.find((input) => !names.includes(input.name));
  if (missing !== undefined) {
    const purpose = missing.name === target ? "which names the classes" : "from which the model predicts";
    throw new StargradError(
      name,
      `has no column “${missing.name}”, ${purpose}`,
      `It has ${names.join(", ")}`,
    );
  }
  const types = wanted.map((input) => [input.name, input.categories ?? "number"] as const);
  const table = await readCsv(file, { columns: Object.fromEntries(types) }).catch((error: unknown) => {
    if (!(error instanceof StargradError)) throw error;
    const problem = error.message.slice(error.called.length + 2);
    throw new StargradError(name, problem, "The model knows only what it was trained on", { cause: error });
  });
  const columns = wanted.map((input) => table.column(input.name));
  expectComplete(name, columns);
  const features = columns.slice(0, inputs.length).flatMap((column) => featuresOf(column));
  const values = new Float32Array(table.length * features.length);
  for (let row = 0; row < table.length; row++) {
    for (const [i, feature] of features.entries()) values[row * features.length + i] = feature(row);
  }
  const labels = target === undefined ? [] : (columns[inputs.length].values as Int32Array);
  return { values, labels: Int32Array.from(labels), count: table.length, remark: null };
}

function featuresOf({ type, values, ...column }: Column): ((row: number) => number)[] {
  if (type !== "category") return [(row) => Number(values[row])];
  const { categories } = column as { readonly categories: readonly string[] };
  return categories.map((_, number) => (row) => Number(values[row] === number));
}

/** Throws: StargradError that names the first missing value */
function expectComplete(name: string, columns: readonly Column[]): void {
  for (const { name: column, type, values } of columns) {
    const row = [...values].findIndex((value) => (type === "category" ? value === -1 : Number.isNaN(value)));
    if (row < 0) continue;
    throw new StargradError(
      name,
      `has no value in row ${row + 1} of the column “${column}”`,
      "Leave the row out, or fill it in",
    );
  }
}
