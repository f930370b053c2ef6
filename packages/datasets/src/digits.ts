import { FormatError } from "@stargrad/io";
import { fromData, StargradError } from "@stargrad/tensor";
import { anything, expectOptions, flag, oneOf } from "@stargrad/tensor/internal";

import { arrays, type TensorDataset } from "./arrays.js";
import { readIdx } from "./idx.js";

export interface DigitsOptions {
  /** The folder that holds the four files. */
  readonly directory: string;
  readonly split: "train" | "test";
  /** Whether an image is one row of pixels instead of channel, height and width. Default: true. */
  readonly flatten?: boolean;
}

/** The names of each split's files begin with this; `-images-idx3-ubyte` or `-labels-idx1-ubyte` follows. */
const prefixes = { train: "train", test: "t10k" };

/**
 * Handwritten digits from MNIST's files, plain or gzipped (`.gz`): `train-images-idx3-ubyte` and
 * `train-labels-idx1-ubyte`, or `t10k-…` for the test split.
 *
 * Shapes: x [N, H·W] float32, or [N, 1, H, W] with `flatten: false`; y [N] int32
 * Units: pixels from 0 (background) to 1 (ink); labels 0 … 9
 * Throws: StargradError for a missing file; FormatError for files that are damaged, swapped, or from different sets
 */
export async function digits(options: DigitsOptions): Promise<TensorDataset<"x" | "y">> {
  const kinds = { directory: anything, split: oneOf("train", "test"), flatten: flag };
  expectOptions<DigitsOptions>("digits", options, kinds, ["directory", "split"]);
  const { directory, split, flatten = true } = options;
  const prefix = prefixes[split];
  const images = await readBytes(directory, `${prefix}-images-idx3-ubyte`, ["count", "height", "width"]);
  const labels = await readBytes(directory, `${prefix}-labels-idx1-ubyte`, ["count"]);
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.data.length !== count) {
    throw new FormatError(
      `digits(${directory})`,
      `${images.file} has ${count} images, ${labels.file} has ${labels.data.length} labels`,
      "Do both come from the same set?",
    );
  }
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong !== -1) {
    throw new FormatError(
      `digits(${directory})`,
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

/** Reads an IDX file of bytes with these axes, from `name` or `name.gz`. */
async function readBytes(
  directory: string,
  name: string,
  axes: readonly string[],
): Promise<{ file: string; shape: readonly number[]; data: Uint8Array }> {
  for (const file of [name, `${name}.gz`]) {
    const idx = await readIdx(`${directory}/${file}`).catch(orMissing(directory));
    if (idx === undefined) continue;
    const { shape, data } = idx;
    if (shape.length === axes.length && data instanceof Uint8Array) return { file, shape, data };
    throw new FormatError(
      `digits(${directory})`,
      `${file} has the axes [${shape.join(", ")}] of ${data.constructor.name}, expected [${axes.join(", ")}] of Uint8Array`,
      "Are the files of images and labels swapped?",
    );
  }
  throw new StargradError(
    `digits(${directory})`,
    `found neither ${name} nor ${name}.gz in this folder`,
    whichFolder,
  );
}

const whichFolder = "Name the folder that holds the four MNIST files";

/** Makes a handler that returns undefined if a file does not exist, and throws any other error. */
function orMissing(directory: string): (error: unknown) => undefined {
  return (error) => {
    const cause = error instanceof StargradError ? error.cause : undefined;
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    if (code === "ENOENT") return undefined;
    if (code !== "ENOTDIR") throw error;
    throw new StargradError(`digits(${directory})`, "this is a file, not a folder", whichFolder, { cause });
  };
}
