import { cifar10, type CifarDataset, type NamedSet } from "@stargrad/datasets";
import { StargradError } from "@stargrad/tensor";

import type { Data } from "../dashboard/data.js";
import { readData } from "../dashboard/read-data.js";
import { animals } from "../dashboard/samples.js";
import { downloadWithBar } from "../terminal/download.js";
import { givenFiles } from "./given-files.js";

/** What a command learns to classify. */
export interface Source {
  readonly about: string;
  /** What `--data` names; null if the command needs no files. */
  readonly files: string | null;
  /** The set that is downloaded without `--data`. */
  readonly downloads?: NamedSet;
  readonly what: Data["what"];
}

export const sources = {
  fashion: {
    about: "pictures of clothes (Fashion-MNIST), or any pictures in IDX files",
    files: "the folder with the four IDX files",
    downloads: "fashion-mnist",
    what: "picture",
  },
  cifar10: {
    about: "CIFAR-10's small photographs, from its binary version",
    files: "the folder with data_batch_1.bin … data_batch_5.bin and test_batch.bin",
    downloads: "cifar10",
    what: "picture",
  },
  images: {
    about: "your own pictures: a folder with one sub-folder of PNG or JPEG files for each class",
    files: "the folder",
    what: "picture",
  },
  csv: { about: "the rows of a table", files: "the CSV or TSV file", what: "row" },
  "cats-and-dogs": { about: "line drawings of cats and dogs, made here", files: null, what: "picture" },
} satisfies Readonly<Record<string, Source>>;

export type SourceName = keyof typeof sources;
export const sourceNames = Object.keys(sources) as SourceName[];

export interface SourceOptions {
  /** The path of the files. */
  readonly data?: string | undefined;
  /** The column of a table to predict. */
  readonly target?: string | undefined;
}

/** Reads or makes the data of a command. Throws: StargradError for files that are none of its kind */
export async function readSource(name: SourceName, { data: given, target }: SourceOptions): Promise<Data> {
  if (name === "cats-and-dogs") return animals(4000);
  const { downloads }: Source = sources[name];
  const path = given ?? (downloads && (await downloadWithBar(downloads)));
  if (path === undefined)
    throw new StargradError(name, "got no files", `Name ${sources[name].files} with --data`);
  if (name === "cifar10") return photographs(path);
  const data = await readData(await givenFiles(path), target).catch((error: unknown) => {
    // Of what was given as a whole, the path says more than "these files".
    if (!(error instanceof StargradError) || error.called !== "These files") throw error;
    const problem = error.message.slice(error.called.length + 2).replace(/^hold\b/, "holds");
    throw new StargradError(path, problem, undefined, { cause: error });
  });
  if (data.what === sources[name].what) return data;
  throw new StargradError(
    path,
    `has ${data.what === "row" ? "rows of numbers" : "pictures"}; \`${name}\` learns ${sources[name].about}`,
    data.what === "row" ? "Use csv" : "Use images or fashion",
  );
}

const cifarClasses = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");

/** CIFAR-10, as bytes. Its test pictures are held out. */
async function photographs(directory: string): Promise<Data> {
  const training = await cifar10({ directory, split: "train" });
  const test = await cifar10({ directory, split: "test" });
  const size = 3 * 32 * 32;
  const values = new Uint8Array(size * (training.length + test.length));
  let at = 0;
  for (const part of [training, test]) {
    for (const indices of chunksOf(part)) {
      values.set(await bytesOf(part, indices), at);
      at += size * indices.length;
    }
  }
  return {
    name: "CIFAR-10",
    what: "picture",
    shape: [3, 32, 32],
    features: [],
    values,
    labels: Int32Array.from([...training.labels, ...test.labels]),
    classes: cifarClasses,
    heldOutFrom: training.length,
    notes: [],
  };
}

/** The indices of a dataset in pieces, so that not all of its pictures are floats at once. */
function chunksOf({ length }: CifarDataset): Int32Array[] {
  const all = Int32Array.from({ length }, (_, i) => i);
  return Array.from({ length: Math.ceil(length / 1000) }, (_, i) => all.subarray(1000 * i, 1000 * (i + 1)));
}

async function bytesOf(part: CifarDataset, indices: Int32Array): Promise<Uint8Array> {
  const values = await part.batch(indices).x.data();
  return new Uint8Array(values.map((value) => Math.round(255 * value)));
}
