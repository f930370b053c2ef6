import { expectDataset, expectIndices, type Dataset } from "../dataset.js";
import { batchOfItems, itemsOfBatch } from "./items-of-batch.js";
import { isPromise, whenReady } from "./later.js";

/**
 * A dataset that keeps each item in memory after it was read once, such as the decoded pictures of a folder. Items are read as of epoch 0,
 * so change them at random after the cache: `mapDataset(cacheDataset(folder), …)`. A batch is a tensor, a list with an element for each item,
 * or a record of them.
 *
 * Throws: ArgumentError for what is no dataset; reading a batch throws an ArgumentError for a batch without a row for each item
 */
export function cacheDataset<Batch>(dataset: Dataset<Batch>): Dataset<Batch> {
  expectDataset("cacheDataset", dataset);
  const kept = new Map<number, unknown>();
  let isLater = false;
  return {
    length: dataset.length,
    batch(indices) {
      expectIndices(indices, dataset.length);
      const wanted = Int32Array.from(indices);
      const missing = Int32Array.from(new Set(wanted.filter((index) => !kept.has(index))));
      const joined = (): unknown =>
        batchOfItems(
          "cacheDataset",
          Array.from(wanted, (index) => kept.get(index)),
        );
      if (missing.length === 0 && wanted.length > 0) {
        return (isLater ? Promise.resolve().then(joined) : joined()) as Batch;
      }
      const read = dataset.batch(missing.slice());
      isLater = isPromise(read);
      return whenReady(read, (batch) => {
        if (wanted.length === 0) return batch;
        const items = itemsOfBatch("cacheDataset", batch, missing.length);
        for (const [i, index] of missing.entries()) kept.set(index, items[i]);
        return joined();
      }) as Batch;
    },
  };
}
