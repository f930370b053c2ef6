import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fromData, Generator, tensor, Tensor } from "@stargrad/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import * as datasets from "./index.js";
import type { Dataset, DigitsOptions, Idx, Strokes } from "./index.js";

// Every case that golden/make.py wrote with PyTorch, NumPy and Python's own modules.

interface Golden {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly arguments: readonly unknown[];
  readonly output: unknown;
}

const cases = readFileSync(new URL("../golden/datasets.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Case);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stargrad-datasets-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes these bytes to a file, and returns its path. */
function fileOf(name: string, bytes: string): string {
  const path = join(folder, name);
  writeFileSync(path, bytesOf(bytes));
  return path;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

const arrayTypes = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

type ArrayName = keyof typeof arrayTypes;

/** An array of an IDX file, with the name of its type. */
function written({ shape, data }: Idx): unknown {
  const array = Object.entries(arrayTypes).find(([, type]) => data instanceof type)?.[0];
  return { array, shape, data: [...data] };
}

function float32({ shape, data }: Golden): Tensor {
  return fromData(Float32Array.from(data), shape);
}

/** All items of a dataset, as one batch. */
function all<Batch>(dataset: Dataset<Batch>): Batch {
  return dataset.batch(Int32Array.from({ length: dataset.length }, (_, i) => i));
}

function twoEpochs(sampler: datasets.Sampler): number[][] {
  return [0, 1].map((epoch) => [...sampler.order(epoch).subarray(0, sampler.length)]);
}

/** A dataset of numbers: a batch is the list of its own indices. */
function counted(length: number): Dataset<number[]> {
  return { length, batch: (indices) => [...indices] };
}

/** Fits a Standardizer, and transforms with one that was made of its saved state. */
async function standardized(x: Golden): Promise<unknown> {
  const values = float32(x);
  const fitted = await datasets.fitStandardizer(datasets.arrays({ values }), (batch) => batch.values);
  const state = JSON.parse(JSON.stringify(fitted.state())) as datasets.StandardizerState;
  const again = new datasets.Standardizer(state);
  const scaled = again.transform(values);
  expectSame(again.inverse(scaled), x);
  return { mean: tensor([...state.mean]), std: tensor([...state.std]), scaled };
}

/** How to run the cases that are more than a call with their arguments. */
const runs: Readonly<Record<string, (...values: never[]) => unknown>> = {
  arrays({ x, y }: { x: Golden; y: Golden }, indices: number[]) {
    return datasets.arrays({ x: float32(x), y: Int32Array.from(y.data) }).batch(Int32Array.from(indices));
  },
  DataLoader(length: number, options: datasets.DataLoaderOptions) {
    const loader = new datasets.DataLoader(counted(length), options);
    // With one batch in an epoch, the batch is the order of the epoch.
    const epochs = options.shuffle === true ? 3 : 1;
    return Array.from({ length: epochs }, () => [...loader]).flat();
  },
  decodeIdx: (bytes: string) => written(datasets.decodeIdx(bytesOf(bytes))),
  encodeIdx({ array, shape, data }: Golden & { array: ArrayName }) {
    return Buffer.from(datasets.encodeIdx({ shape, data: new arrayTypes[array](data) })).toString("base64");
  },
  readIdx: async (bytes: string) => written(await datasets.readIdx(fileOf("array.idx.gz", bytes))),
  async digits(files: { images: string; labels: string }, options: Omit<DigitsOptions, "directory">) {
    const prefix = options.split === "train" ? "train" : "t10k";
    fileOf(`${prefix}-images-idx3-ubyte`, files.images);
    fileOf(`${prefix}-labels-idx1-ubyte.gz`, files.labels);
    return (await datasets.digits({ directory: folder, ...options })).all();
  },
  randomSampler: (items: number, options: datasets.RandomSamplerOptions) =>
    twoEpochs(datasets.randomSampler(items, options)),
  weightedSampler: (weights: number[], options: datasets.WeightedSamplerOptions) =>
    twoEpochs(datasets.weightedSampler(weights, options)),
  balancedSampler: (labels: string[], options: datasets.BalancedSamplerOptions) =>
    twoEpochs(datasets.balancedSampler(labels, options)),
  distributedSampler: (items: number, options: datasets.DistributedSamplerOptions) =>
    twoEpochs(datasets.distributedSampler(items, options)),
  subset: (length: number, indices: number[]) => datasets.subset(counted(length), indices),
  concatDatasets: (lengths: number[]) => datasets.concatDatasets(lengths.map(counted)),
  splitDataset: (length: number, lengths: number[], options: datasets.SplitOptions) =>
    datasets.splitDataset(counted(length), lengths, options).map(all),
  readText: (bytes: string) => datasets.readText(fileOf("text.txt", bytes)),
  Vocabulary(text: string) {
    const vocabulary = new datasets.Vocabulary(text);
    const tokens = vocabulary.encode(text);
    expect(vocabulary.decode(tokens)).toBe(text);
    return { characters: vocabulary.characters, tokens: [...tokens] };
  },
  splitTokens(tokens: number[], options: datasets.SplitTokensOptions) {
    const { training, validation } = datasets.splitTokens(Int32Array.from(tokens), options);
    return { training: [...training], validation: [...validation] };
  },
  textWindows: (tokens: number[], options: datasets.TextWindowsOptions) =>
    all(datasets.textWindows(Int32Array.from(tokens), options)),
  resize: (images: Golden, options: { size: datasets.ImageSize }) =>
    datasets.resize(float32(images), options),
  decodeImage: (bytes: string, options: datasets.ImageOptions) =>
    datasets.decodeImage(bytesOf(bytes), options),
  readImage: (bytes: string) => datasets.readImage(fileOf("picture.png", bytes)),
  ...(Object.fromEntries(
    (["colorJitter", "randomAffine", "randomCrop", "randomErase", "randomFlip"] as const).map((name) => [
      name,
      (images: Golden, options: object, seeds: number[]) =>
        datasets[name](float32(images), { ...options, generators: seeds.map((seed) => new Generator(seed)) }),
    ]),
  ) as Record<string, (...values: never[]) => unknown>),
  normalize: (x: Golden, options: datasets.NormalizeOptions) => datasets.normalize(float32(x), options),
  affine: (images: Golden, matrices: Golden) => datasets.affine(float32(images), float32(matrices)),
  OneHotEncoder(labels: (string | number)[]) {
    const { categories } = new datasets.OneHotEncoder(labels).state();
    const encoder = new datasets.OneHotEncoder(categories);
    const rows = encoder.encode(labels);
    expect(encoder.decode(rows)).toEqual(labels);
    return { categories, rows };
  },
  fitStandardizer: standardized,
  Standardizer: standardized,
  strokeCorners: (strokes: Record<keyof Strokes, Golden>) =>
    datasets.strokeCorners({
      start: float32(strokes.start),
      directions: float32(strokes.directions),
      lengths: float32(strokes.lengths),
    }),
};

/** The result of an exported function; a dataset is returned as one batch of all its items. */
async function outputOf({ name, arguments: given }: Case): Promise<unknown> {
  const exported = datasets[name as keyof typeof datasets] as (...values: unknown[]) => unknown;
  const run = runs[name] as typeof exported | undefined;
  const output = await (run ?? exported)(...given);
  return isDataset(output) ? all(output) : output;
}

function isDataset(value: unknown): value is Dataset<unknown> {
  return typeof value === "object" && value !== null && "batch" in value;
}

function expectSame(got: unknown, expected: unknown): void {
  if (got instanceof Tensor) {
    const { shape, data } = expected as Golden;
    expect(got.shape).toEqual(shape);
    const values = got.dataSync();
    for (const [i, value] of data.entries()) {
      // The two may differ by a few roundings of float32.
      expect(Math.abs(values[i] - value), `element ${i}`).toBeLessThanOrEqual(
        1e-6 * Math.max(1, Math.abs(value)),
      );
    }
    return;
  }
  if (typeof got !== "object" || got === null || !Object.values(got).some((each) => each instanceof Tensor)) {
    expect(got).toEqual(expected);
    return;
  }
  expect(Object.keys(got)).toEqual(Object.keys(expected as object));
  for (const [name, part] of Object.entries(got))
    expectSame(part, (expected as Record<string, unknown>)[name]);
}

describe.each([...new Set(cases.map(({ name }) => name))])("%s", (name) => {
  it("equals the result of independent code for the same data", async () => {
    for (const each of cases.filter((candidate) => candidate.name === name)) {
      expectSame(await outputOf(each), each.output);
    }
  });
});
