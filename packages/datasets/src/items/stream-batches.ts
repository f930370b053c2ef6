import { callable, count, expectOptions, flag, writeValue } from "@stargrad/tensor/internal";
import { ArgumentError } from "@stargrad/tensor";

import { collateNamed, type Collated } from "./collate.js";

export interface StreamBatchesOptions<Item, Batch> {
  /** Items per batch. Default: 1. */
  readonly batchSize?: number;
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Makes a batch of items. Default: `collate`. */
  readonly collate?: (items: Item[]) => Batch;
}

/**
 * Batches of items that come one after the other and whose number is not known, such as the lines of a file: `for await (const batch of
 * streamBatches(lines, { batchSize: 32 }))`. Leaving the loop ends the source. A stream has no order to shuffle and no position to restore; use an
 * `itemDataset` for these.
 *
 * Defaults: batchSize 1, a smaller last batch is kept
 * Throws: ArgumentError for what cannot be iterated over
 * Source: torch.utils.data.IterableDataset
 */
export function streamBatches<Item, Batch = Collated<Item>>(
  items: Iterable<Item> | AsyncIterable<Item>,
  options: StreamBatchesOptions<Item, Batch> = {},
): AsyncIterable<Batch> {
  if (!(Symbol.iterator in Object(items)) && !(Symbol.asyncIterator in Object(items))) {
    throw new ArgumentError("streamBatches", `got ${writeValue(items)}; expected items to iterate over`);
  }
  expectOptions<StreamBatchesOptions<Item, Batch>>("streamBatches", options, {
    batchSize: count,
    dropLast: flag,
    collate: callable,
  });
  return { [Symbol.asyncIterator]: () => batches(items, options) };
}

async function* batches<Item, Batch>(
  items: Iterable<Item> | AsyncIterable<Item>,
  { batchSize = 1, dropLast = false, collate }: StreamBatchesOptions<Item, Batch>,
): AsyncIterableIterator<Batch> {
  let first = 0;
  let held: Item[] = [];
  const made = (): Batch =>
    collate === undefined ? (collateNamed(held, (i) => `item ${first + i}`) as Batch) : collate(held);
  for await (const item of items) {
    held.push(item);
    if (held.length < batchSize) continue;
    yield made();
    first += held.length;
    held = [];
  }
  if (held.length > 0 && !dropLast) yield made();
}
