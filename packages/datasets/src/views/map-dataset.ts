import { expectOptions, expectValues, callable, wholeFrom } from "@stargrad/tensor/internal";
import type { Generator } from "@stargrad/tensor";

import { expectDataset, expectIndices, type Dataset } from "../dataset.js";
import { itemGenerators } from "../item-generators.js";
import { whenReady, type Later } from "./later.js";

/** What a function that changes batches knows of the items of a batch. */
export interface Items {
  /** The index of each item in the dataset. */
  readonly indices: Int32Array;
  /** The epoch of the loader, counted from 0. */
  readonly epoch: number;
  /** A generator for each item. Its draws depend on the seed, the epoch and the index of the item, and on nothing else. */
  readonly generators: readonly Generator[];
}

export interface MapDatasetOptions {
  /** The seed of the items' generators. Default: 0. */
  readonly seed?: number;
}

/**
 * A dataset whose batches are changed when they are read: `mapDataset(data, ({ x, y }) => ({ x: x.div(255), y }))`. The second argument of
 * `change` has a random generator for each item, for transforms such as `randomCrop`. An item draws the same numbers in whatever batch it is,
 * and other numbers in the next epoch.
 *
 * Of an asynchronous dataset, `change` gets the batch that was awaited. It may return a promise only if the dataset is asynchronous, or
 * if the loop over the loader awaits.
 *
 * Defaults: seed 0
 * Throws: ArgumentError for what is no dataset or no function
 */
export function mapDataset<Batch, Changed>(
  dataset: Dataset<Batch>,
  change: (batch: Awaited<Batch>, items: Items) => Changed,
  options: MapDatasetOptions = {},
): Dataset<Later<Batch, Changed>> {
  expectDataset("mapDataset", dataset);
  expectValues("mapDataset", { change }, callable);
  expectOptions<MapDatasetOptions>("mapDataset", options, { seed: wholeFrom(0) });
  const { seed = 0 } = options;
  return {
    length: dataset.length,
    batch(indices, epoch = 0) {
      expectIndices(indices, dataset.length);
      // A copy, because the dataset may change its argument.
      const batch = dataset.batch(indices.slice(), epoch);
      return whenReady(batch, (ready) => change(ready, itemsOf(indices, epoch, seed)));
    },
  };
}

function itemsOf(indices: Int32Array, epoch: number, seed: number): Items {
  let generators: readonly Generator[] | undefined;
  return {
    indices,
    epoch,
    // Made when they are read, because most changes are not random.
    get generators() {
      return (generators ??= itemGenerators(seed, epoch, indices));
    },
  };
}
