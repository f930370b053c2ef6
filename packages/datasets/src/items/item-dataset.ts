import { ArgumentError, StargradError } from "@stargrad/tensor";
import { callable, expectOptions, handleRejections, writeValue } from "@stargrad/tensor/internal";

import { expectIndices, isCount, type Dataset } from "../dataset.js";
import { reasonOf } from "../fail.js";
import { isPromise, whenAll, type Later } from "../views/later.js";
import { collateNamed, type Collated } from "./collate.js";

/** Single items by their index, at once or as promises. */
export interface ItemSource<Got> {
  /** How many items there are. */
  readonly length: number;
  /** The item at an index. `epoch` is the number of the loader's epoch, for items that are changed at random. */
  get(index: number, epoch: number): Got;
}

export interface ItemDatasetOptions<Item, Batch> {
  /** Makes a batch of items. Default: `collate`. */
  readonly collate?: (items: Item[]) => Batch;
}

/**
 * A dataset of single items, which are put together in batches: `itemDataset({ length: files.length, get: (i) => read(files[i]) })`, or a list
 * of items. The items of a batch are requested at the same time, so asynchronous ones are read side by side.
 *
 * Throws: ArgumentError for what is neither a list nor an object with `length` and `get`. Reading a batch throws a StargradError that
 * names the index of the item, with the error of `get` as its cause
 * Source: torch.utils.data.Dataset, the map style
 */
export function itemDataset<Got, Batch = Collated<Awaited<Got>>>(
  source: ItemSource<Got> | readonly Got[],
  options: ItemDatasetOptions<Awaited<Got>, Batch> = {},
): Dataset<Later<Got, Batch>> {
  const own = sourceOf<Got>(source);
  const { length } = own;
  expectOptions<ItemDatasetOptions<Awaited<Got>, Batch>>("itemDataset", options, { collate: callable });
  const { collate } = options;
  return {
    length,
    batch(indices, epoch = 0) {
      expectIndices(indices, length);
      // A copy, which is still needed when the promises are fulfilled.
      const picked = indices.slice();
      const got: Got[] = [];
      try {
        for (const index of picked) got.push(named(index, () => own.get(index, epoch)));
      } catch (error) {
        handleRejections(got);
        throw error;
      }
      return whenAll(got, (items) =>
        collate === undefined ? collateOwn(items, picked) : collate([...items]),
      ) as Later<Got, Batch>;
    },
  };
}

function collateOwn(items: readonly unknown[], indices: Int32Array): unknown {
  if (items.length > 0) return collateNamed(items, (i) => `item ${indices[i]}`);
  throw new ArgumentError("itemDataset", "got a batch of no items; expected at least one index");
}

function sourceOf<Got>(source: ItemSource<Got> | readonly Got[]): ItemSource<Got> {
  if (Array.isArray(source)) {
    const list = source as readonly Got[];
    return { length: list.length, get: (index) => list[index] };
  }
  const { length, get } = Object(source) as Partial<ItemSource<Got>>;
  if (isCount(length) && typeof get === "function") {
    return { length, get: (index, epoch) => (source as ItemSource<Got>).get(index, epoch) };
  }
  throw new ArgumentError(
    "itemDataset",
    `got ${writeValue(source)}; expected a list of items, or an object with \`length\` and \`get\``,
  );
}

/** Gets an item. Its error, at once or later, becomes one that names the index. */
function named<Got>(index: number, get: () => Got): Got {
  const fail = (cause: unknown): never => {
    throw new StargradError("itemDataset", `item ${index}: ${reasonOf(cause)}`, undefined, { cause });
  };
  try {
    const got = get();
    return isPromise(got) ? (got.then(undefined, fail) as Got) : got;
  } catch (cause) {
    return fail(cause);
  }
}
