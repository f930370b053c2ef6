import { ArgumentError } from "@stargrad/tensor";
import {
  expectOptions,
  expectValues,
  listOf,
  notNegative,
  wholeFrom,
  writeValue,
} from "@stargrad/tensor/internal";

import { expectDataset, type Dataset } from "../dataset.js";
import { epochGenerator } from "../item-generators.js";
import { classesOf, type Labels } from "../labels.js";
import { chosen } from "./subset.js";

export interface SplitOptions {
  /** The seed of the order. Default: 0. */
  readonly seed?: number;
}

/** A dataset for each length. */
export type Parts<Batch, Lengths extends readonly number[]> = {
  readonly [Index in keyof Lengths]: Dataset<Batch>;
};

/**
 * Divides a dataset at random: `const [training, test] = splitDataset(data, [0.8, 0.2], { seed: 1 })`. The lengths are numbers of items,
 * which add up to the length of the dataset, or fractions, which add up to 1. A fraction f of N items is ⌊f·N⌋ items; the items that remain
 * go to the parts in turn, from the first.
 *
 * Defaults: seed 0
 * Throws: ArgumentError for lengths that do not add up, or more than 2²⁸ items
 * Source: torch.utils.data.random_split
 */
export function splitDataset<Batch, const Lengths extends readonly number[]>(
  dataset: Dataset<Batch>,
  lengths: Lengths,
  options: SplitOptions = {},
): Parts<Batch, Lengths> {
  const counts = countsOf("splitDataset", dataset, lengths, options);
  const order = epochGenerator(options.seed ?? 0, 0).permutation(dataset.length);
  let start = 0;
  return counts.map((count) => chosen(dataset, order.slice(start, (start += count)))) as unknown as Parts<
    Batch,
    Lengths
  >;
}

/**
 * Divides a dataset at random as `splitDataset` does, so that each part has each class in the same proportion, as far as whole items
 * allow: `stratifiedSplit(data, data.field("y"), [0.8, 0.2])`. With two parts, no class differs from its share by more than one item.
 *
 * `labels` has the class of each item: a tensor, or a list of numbers or texts.
 *
 * Defaults: seed 0
 * Throws: ArgumentError for another number of labels than items, or lengths that do not add up
 * Source: sklearn.model_selection.train_test_split with stratify
 */
export function stratifiedSplit<Batch, const Lengths extends readonly number[]>(
  dataset: Dataset<Batch>,
  labels: Labels,
  lengths: Lengths,
  options: SplitOptions = {},
): Parts<Batch, Lengths> {
  const counts = countsOf("stratifiedSplit", dataset, lengths, options);
  const { classes } = classesOf("stratifiedSplit", labels, dataset.length);
  const order = epochGenerator(options.seed ?? 0, 0).permutation(dataset.length);
  const byClass = order.slice().sort((a, b) => classes[a] - classes[b]);
  const partOf = new Int32Array(dataset.length);
  const given = counts.map(() => 0);
  // At every point, each part has its share of the items so far, so it has its share of each class.
  for (const [at, index] of byClass.entries()) {
    const lacking = counts.map((count, part) => (count * (at + 1)) / dataset.length - given[part]);
    partOf[index] = lacking.indexOf(Math.max(...lacking.filter((_, part) => given[part] < counts[part])));
    given[partOf[index]]++;
  }
  return counts.map((_, part) =>
    chosen(
      dataset,
      order.filter((index) => partOf[index] === part),
    ),
  ) as unknown as Parts<Batch, Lengths>;
}

/** The number of items of each part. */
function countsOf(
  called: string,
  dataset: Dataset<unknown>,
  lengths: readonly number[],
  options: SplitOptions,
): number[] {
  expectDataset(called, dataset);
  expectValues(called, { lengths }, listOf(notNegative));
  expectOptions<SplitOptions>(called, options, { seed: wholeFrom(0) });
  const { length } = dataset;
  if (length > 2 ** 28) {
    throw new ArgumentError(called, `got a dataset of ${length} items; expected at most 2²⁸`);
  }
  const total = lengths.reduce((sum, each) => sum + each, 0);
  if (total === length && lengths.every(Number.isInteger)) return [...lengths];
  if (Math.abs(total - 1) > 1e-9) {
    throw new ArgumentError(
      called,
      `got lengths ${writeValue(lengths)}, which add up to ${total}; expected whole numbers that add up to ${length}, or fractions that add up to 1`,
    );
  }
  const counts = lengths.map((fraction) => Math.floor(fraction * length));
  const remaining = length - counts.reduce((sum, each) => sum + each, 0);
  return counts.map((count, part) => count + Number(part < remaining));
}
