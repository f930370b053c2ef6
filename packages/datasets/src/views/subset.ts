import { IndexError } from "@stargrad/tensor";
import { expectList, writeValue } from "@stargrad/tensor/internal";

import { expectDataset, expectIndices, type Dataset } from "../dataset.js";

/**
 * Some items of a dataset, in the order of `indices`. An index may occur several times.
 *
 * Throws: ArgumentError for what is no dataset or no list; IndexError for an index outside of the dataset
 * Source: torch.utils.data.Subset
 */
export function subset<Batch>(dataset: Dataset<Batch>, indices: Iterable<number>): Dataset<Batch> {
  expectDataset("subset", dataset);
  const list = expectList("subset", indices, "indices") as number[];
  const at = list.findIndex((index) => !(Number.isInteger(index) && index >= 0 && index < dataset.length));
  if (at >= 0) {
    throw new IndexError("subset", `got index ${writeValue(list[at])} into ${dataset.length} items`);
  }
  return chosen(dataset, Int32Array.from(list));
}

/** A subset of indices that were checked, and that nobody else changes. */
export function chosen<Batch>(dataset: Dataset<Batch>, indices: Int32Array): Dataset<Batch> {
  return {
    length: indices.length,
    batch(picked, epoch) {
      expectIndices(picked, indices.length);
      return dataset.batch(
        picked.map((index) => indices[index]),
        epoch,
      );
    },
  };
}
