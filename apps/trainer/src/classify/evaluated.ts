import { DataLoader } from "@stargrad/datasets";
import { StargradError } from "@stargrad/tensor";
import type { Batch } from "@stargrad/train";

import { Examples, type Data } from "../dashboard/data.js";
import { splitOf } from "../dashboard/split.js";
import type { SavedModel } from "../runs/saved-model.js";
import { fingerprintOfData } from "./run.js";
import { givenFiles } from "./given-files.js";
import { readSource, type SourceName } from "./sources.js";
import type { RunSettings } from "./task.js";
import { readPicture, readRows, type Trained } from "./trained.js";

/** Examples on which a model is evaluated. */
export interface Evaluated {
  readonly loader: DataLoader<Batch>;
  readonly count: number;
  /** What they are, as the end of a sentence. */
  readonly which: string;
}

/**
 * The examples on which the model of a run is evaluated: of the data of its run, or of data that is divided already, those that are held out; of
 * other data, all.
 *
 * Throws: StargradError for data that has other classes, columns or shapes
 */
export async function examplesFor(
  command: SourceName,
  { checkpoint }: SavedModel,
  trained: Trained,
  settings: RunSettings,
  path: string | null,
): Promise<Evaluated> {
  const target = settings.target ?? undefined;
  const options = { data: path ?? undefined, target };
  // Other data may be too small to train on, and serves here all the same.
  const data = await readSource(command, options).catch((error: unknown) => {
    if (error instanceof StargradError && path !== null) return error;
    throw error;
  });
  if (!(data instanceof StargradError)) {
    const isSame = checkpoint.metadata["fingerprint"] === fingerprintOfData(data);
    if (isSame || data.heldOutFrom !== null)
      return heldOut(named(data, trained, data.name), trained, settings);
  }
  if (path === null)
    throw new StargradError(command, "the run does not say where its data is", "Name it with --data");
  if (command === "csv") return ofRows(trained, path, target);
  if (command === "images") return ofPictures(trained, path);
  if (data instanceof StargradError) throw data;
  return all(named(data, trained, path), trained, path);
}

/** Data with the classes of the training, in their order. */
function named(data: Data, { described: { classes, shape } }: Trained, path: string): Data {
  if (data.shape.join() !== shape.join()) {
    throw new StargradError(
      path,
      `its examples have the shape [${data.shape.join(", ")}]; the model reads [${shape.join(", ")}]`,
    );
  }
  const numbers = data.classes.map((name) => classOf(classes, name, path));
  return { ...data, classes, labels: data.labels.map((label) => numbers[label]) };
}

function classOf(classes: readonly string[], name: string, path: string): number {
  const found = classes.indexOf(name);
  if (found >= 0) return found;
  throw new StargradError(
    path,
    `has the class “${name}”, which the model does not know`,
    `It knows ${classes.join(", ")}`,
  );
}

function heldOut(
  data: Data,
  { described: { scale } }: Trained,
  { seed, heldOut: share }: RunSettings,
): Evaluated {
  const split = splitOf(data, { seed, share, leaveOut: true });
  return {
    loader: new DataLoader(new Examples(data, split.heldOut, scale), { batchSize: 256 }),
    count: split.heldOut.length,
    which: "that were held out",
  };
}

function all(data: Data, { described: { scale } }: Trained, path: string): Evaluated {
  const indices = Int32Array.from(data.labels.keys());
  return {
    loader: new DataLoader(new Examples(data, indices, scale), { batchSize: 256 }),
    count: indices.length,
    which: `in ${path}`,
  };
}

async function ofRows(trained: Trained, path: string, target: string | undefined): Promise<Evaluated> {
  const [{ file }] = await givenFiles(path);
  const { values, labels } = await readRows(trained, path, file, target);
  return all(dataOf(trained, values, labels, path), trained, path);
}

async function ofPictures(trained: Trained, path: string): Promise<Evaluated> {
  const files = (await givenFiles(path)).filter((given) => /\.(png|jpe?g)$/i.test(given.path));
  const { classes } = trained.described;
  const labels = files.map((given) => classOf(classes, given.path.split("/").at(-2) ?? "", path));
  const pictures: Float32Array[] = [];
  for (const given of files) {
    const bytes = new Uint8Array(await given.file.arrayBuffer());
    pictures.push((await readPicture(trained, given.path, bytes)).values);
  }
  const values = new Float32Array(pictures.reduce((sum, { length }) => sum + length, 0));
  for (const [i, picture] of pictures.entries()) values.set(picture, i * picture.length);
  return all(dataOf(trained, values, Int32Array.from(labels), path), trained, path);
}

function dataOf({ described }: Trained, values: Float32Array, labels: Int32Array, path: string): Data {
  if (labels.length === 0) throw new StargradError(path, "has no examples to evaluate on");
  const { what, shape, classes } = described;
  return { name: path, what, shape, features: [], values, labels, classes, heldOutFrom: null, notes: [] };
}
