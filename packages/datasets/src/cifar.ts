import { ArgumentError, fromData, StargradError, type Tensor } from "@stargrad/tensor";
import { anything, expectOptions, oneOf } from "@stargrad/tensor/internal";

import { expectIndices, type Dataset } from "./dataset.js";
import { failing } from "./fail.js";
import { expectBytes, readBytes, type NamedBlob } from "./source.js";

/** Pictures of CIFAR, 32 by 32 pixels in colours, and their labels. The pixels are kept as bytes; batches are floats. */
export interface CifarDataset extends Dataset<{ x: Tensor; y: Tensor }> {
  /** One for each picture: 0 … 9, or 0 … 99. */
  readonly labels: Int32Array;
  /** Of CIFAR-100, the number of the superclass, 0 … 19. Empty for CIFAR-10. */
  readonly coarseLabels: Int32Array;
}

export interface CifarOptions {
  /** The folder that holds the files. */
  readonly directory?: string;
  /** The files, in a page. Others among them are ignored. */
  readonly files?: readonly NamedBlob[];
  /** The part of the set: 50,000 images to train with, or 10,000 to test with. */
  readonly split: "train" | "test";
}

const area = 32 * 32;
const pixels = 3 * area;

/** The files of each set. */
const sets = {
  cifar10: { train: [1, 2, 3, 4, 5].map((part) => `data_batch_${part}.bin`), test: ["test_batch.bin"] },
  cifar100: { train: ["train.bin"], test: ["test.bin"] },
};

/**
 * The pictures of CIFAR-10, from its binary files `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin`.
 *
 * Shapes: batches x [B, 3, 32, 32] float32, y [B] int32
 * Units: pixels from 0 to 1; labels 0 … 9
 * Throws: ArgumentError unless there is a directory or files, but not both; StargradError for a missing file; FormatError for a damaged one
 * Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images"; https://www.cs.toronto.edu/~kriz/cifar.html
 */
export async function cifar10(options: CifarOptions): Promise<CifarDataset> {
  return readSet("cifar10", options);
}

/**
 * The pictures of CIFAR-100, from its binary files `train.bin` and `test.bin`. The labels are those of the 100 classes.
 *
 * Shapes: batches x [B, 3, 32, 32] float32, y [B] int32
 * Units: pixels from 0 to 1; labels 0 … 99
 * Throws: as {@link cifar10}
 * Source: as {@link cifar10}
 */
export async function cifar100(options: CifarOptions): Promise<CifarDataset> {
  return readSet("cifar100", options);
}

/**
 * The pictures of one binary file of CIFAR-10 or CIFAR-100: one or two bytes with labels, and 3,072 pixels, for each picture.
 *
 * Throws: FormatError for a size that is no multiple of a picture's, and for labels out of range; ArgumentError for other classes
 */
export function decodeCifar(bytes: Uint8Array, classes: 10 | 100): CifarDataset {
  expectBytes("decodeCifar", bytes, "cifar10");
  if (![10, 100].includes(classes)) {
    throw new ArgumentError("decodeCifar", `got classes ${classes}; expected 10 or 100`);
  }
  return datasetOf([checked("decodeCifar", bytes, classes)], classes);
}

async function readSet(set: "cifar10" | "cifar100", options: CifarOptions): Promise<CifarDataset> {
  const kinds = { directory: anything, files: anything, split: oneOf("train", "test") };
  expectOptions<CifarOptions>(set, options, kinds, ["split"]);
  const { directory, files, split } = options;
  if ((directory === undefined) === (files === undefined)) {
    const got = directory === undefined ? "neither a directory nor files" : "both a directory and files";
    throw new ArgumentError(set, `got ${got}; expected one of the two`);
  }
  const classes = set === "cifar10" ? 10 : 100;
  const parts: Uint8Array[] = [];
  for (const name of sets[set][split]) {
    const source = files === undefined ? `${directory}/${name}` : files.find((file) => file.name === name);
    if (source === undefined) {
      const hint = `Choose the binary files of CIFAR-${classes}`;
      throw new StargradError(set, `there is no ${name} among the files`, hint);
    }
    const called = `${set}(${typeof source === "string" ? source : name})`;
    parts.push(checked(called, await readBytes(source, called), classes));
  }
  return datasetOf(parts, classes);
}

/** Throws: FormatError unless the bytes are whole pictures with right labels */
function checked(called: string, bytes: Uint8Array, classes: 10 | 100): Uint8Array {
  const fail = failing(called);
  const size = sizeOf(classes);
  if (bytes.length === 0 || bytes.length % size !== 0) {
    const problem = `has ${bytes.length} bytes; expected a multiple of ${size}, the size of a picture of CIFAR-${classes}`;
    throw fail(problem, "Is it the binary version, and complete?");
  }
  const limits = classes === 10 ? [10] : [20, 100];
  for (let at = 0; at < bytes.length; at += size) {
    for (const [i, limit] of limits.entries()) {
      if (bytes[at + i] < limit) continue;
      const problem = `a label of picture ${at / size} is ${bytes[at + i]}; expected 0 to ${limit - 1}`;
      throw fail(problem, `Is it a file of CIFAR-${classes}?`);
    }
  }
  return bytes;
}

/** The bytes of a picture and its labels. */
function sizeOf(classes: 10 | 100): number {
  return pixels + (classes === 10 ? 1 : 2);
}

function datasetOf(parts: readonly Uint8Array[], classes: 10 | 100): CifarDataset {
  const size = sizeOf(classes);
  const labelBytes = size - pixels;
  const pictures = parts.flatMap((part) =>
    Array.from({ length: part.length / size }, (_, i) => part.subarray(i * size, (i + 1) * size)),
  );
  const labels = Int32Array.from(pictures, (picture) => picture[labelBytes - 1]);
  return {
    length: pictures.length,
    labels,
    coarseLabels: classes === 10 ? new Int32Array(0) : Int32Array.from(pictures, (picture) => picture[0]),
    batch(indices) {
      expectIndices(indices, pictures.length);
      const x = new Float32Array(indices.length * pixels);
      for (const [row, index] of indices.entries()) {
        const picture = pictures[index];
        for (let i = 0; i < pixels; i++) x[row * pixels + i] = picture[labelBytes + i] / 255;
      }
      return {
        x: fromData(x, [indices.length, 3, 32, 32]),
        y: fromData(
          indices.map((index) => labels[index]),
          [indices.length],
        ),
      };
    },
  };
}
