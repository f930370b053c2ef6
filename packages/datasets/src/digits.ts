import { FormatError } from "@stargrad/io";
import { ArgumentError, fromData, StargradError } from "@stargrad/tensor";
import { anything, expectOptions, flag, oneOf } from "@stargrad/tensor/internal";

import { arrays, type TensorDataset } from "./arrays.js";
import { readIdx, type Idx } from "./idx.js";
import type { NamedBlob } from "./source.js";

export interface DigitsOptions {
  /** The folder that holds the four files. */
  readonly directory?: string;
  /** The four files, or those of the split, in a page. Others among them are ignored. */
  readonly files?: readonly NamedBlob[];
  /** The part of the set: the files `train-…` or the files `t10k-…`. */
  readonly split: "train" | "test";
  /** Whether an image is one row of pixels instead of channel, height and width. Default: true. */
  readonly flatten?: boolean;
}

/** The names of each split's files begin with this; `-images-idx3-ubyte` or `-labels-idx1-ubyte` follows. */
const prefixes = { train: "train", test: "t10k" };

/**
 * Handwritten digits from MNIST's files, plain or gzipped (`.gz`): `train-images-idx3-ubyte` and
 * `train-labels-idx1-ubyte`, or `t10k-…` for the test split. They are in a folder, or they are files that were dropped on a page.
 *
 * Shapes: x [N, H·W] float32, or [N, 1, H, W] with `flatten: false`; y [N] int32
 * Units: pixels from 0 (background) to 1 (ink); labels 0 … 9
 * Throws: ArgumentError unless there is a directory or files, but not both; StargradError for a missing file; FormatError for files that are damaged, swapped, or from different sets
 */
export async function digits(options: DigitsOptions): Promise<TensorDataset<"x" | "y">> {
  const kinds = { directory: anything, files: anything, split: oneOf("train", "test"), flatten: flag };
  expectOptions<DigitsOptions>("digits", options, kinds, ["split"]);
  const { split, flatten = true } = options;
  const place = placeOf(options);
  const prefix = prefixes[split];
  const images = await readPart(place, `${prefix}-images-idx3-ubyte`, ["count", "height", "width"]);
  const labels = await readPart(place, `${prefix}-labels-idx1-ubyte`, ["count"]);
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.data.length !== count) {
    throw new FormatError(
      place.called,
      `${images.file} has ${count} images, ${labels.file} has ${labels.data.length} labels`,
      "Do both come from the same set?",
    );
  }
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong !== -1) {
    throw new FormatError(
      place.called,
      `label ${wrong} of ${labels.file} is ${labels.data[wrong]}, expected 0 to 9`,
    );
  }
  const pixels = new Float32Array(images.data.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = images.data[i] / 255;
  return arrays({
    x: fromData(pixels, flatten ? [count, height * width] : [count, 1, height, width]),
    y: new Int32Array(labels.data),
  });
}

/** Where the files are. */
interface Place {
  readonly called: string;
  /** Reads a file, or returns undefined if there is none of this name. */
  readonly read: (name: string) => Promise<Idx | undefined>;
  readonly absent: string;
  readonly hint: string;
}

function placeOf({ directory, files }: DigitsOptions): Place {
  if ((directory === undefined) === (files === undefined)) {
    const got = directory === undefined ? "neither a directory nor files" : "both a directory and files";
    throw new ArgumentError("digits", `got ${got}; expected one of the two`);
  }
  if (files === undefined) {
    const called = `digits(${directory})`;
    return {
      called,
      read: (name) => readIdx(`${directory}/${name}`).catch(orMissing(called)),
      absent: "in this folder",
      hint: whichFolder,
    };
  }
  return {
    called: "digits",
    read: async (name) => {
      const file = files.find((each) => each.name === name);
      return file === undefined ? undefined : readIdx(file);
    },
    absent: `among the ${files.length} files`,
    hint: "Drop MNIST's files with the names that they have",
  };
}

/** Reads an IDX file of bytes with these axes, from `name` or `name.gz`. */
async function readPart(
  { called, read, absent, hint }: Place,
  name: string,
  axes: readonly string[],
): Promise<{ file: string; shape: readonly number[]; data: Uint8Array }> {
  for (const file of [name, `${name}.gz`]) {
    const idx = await read(file);
    if (idx === undefined) continue;
    const { shape, data } = idx;
    if (shape.length === axes.length && data instanceof Uint8Array) return { file, shape, data };
    throw new FormatError(
      called,
      `${file} has the axes [${shape.join(", ")}] of ${data.constructor.name}, expected [${axes.join(", ")}] of Uint8Array`,
      "Are the files of images and labels swapped?",
    );
  }
  throw new StargradError(called, `found neither ${name} nor ${name}.gz ${absent}`, hint);
}

const whichFolder = "Name the folder that holds the four MNIST files";

/** Makes a handler that returns undefined if a file does not exist, and throws any other error. */
function orMissing(called: string): (error: unknown) => undefined {
  return (error) => {
    const cause = error instanceof StargradError ? error.cause : undefined;
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    if (code === "ENOENT") return undefined;
    if (code !== "ENOTDIR") throw error;
    throw new StargradError(called, "this is a file, not a folder", whichFolder, { cause });
  };
}
