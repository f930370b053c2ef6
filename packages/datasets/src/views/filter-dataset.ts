import { ArgumentError, Tensor } from "@stargrad/tensor";
import { callable, expectValues, writeValue } from "@stargrad/tensor/internal";

import { expectDataset, passages, type Dataset } from "../dataset.js";
import { chosen } from "./subset.js";

/** For each item of a batch, whether to keep it. */
export type Mask = Tensor | ArrayLike<boolean | number>;

/**
 * The items that `keep` says: `await filterDataset(data, ({ y }) => y.less(5))`. All batches are read once, to know how many items there
 * are; only the indices of the kept ones are stored, so a batch of the result reads the dataset again.
 *
 * `keep` gets a batch and returns a tensor or a list of its length: true or another number than 0 for an item to keep.
 *
 * Throws: ArgumentError for what is no dataset or no function, or if `keep` returns another number of values than the batch has items
 */
export async function filterDataset<Batch>(
  dataset: Dataset<Batch>,
  keep: (batch: Awaited<Batch>, indices: Int32Array) => Mask | Promise<Mask>,
): Promise<Dataset<Batch>> {
  expectDataset("filterDataset", dataset);
  expectValues("filterDataset", { keep }, callable);
  const kept: number[] = [];
  for (const indices of passages(dataset.length)) {
    const mask = await keep(await dataset.batch(indices.slice()), indices);
    const values = await valuesIn(mask);
    if (values?.length !== indices.length) {
      throw new ArgumentError(
        "filterDataset",
        `keep returned ${written(mask)} for ${indices.length} items; expected a boolean for each`,
        "Compare the whole batch, as in ({ y }) => y.equal(3)",
      );
    }
    for (const [i, index] of indices.entries()) if (values[i]) kept.push(index);
  }
  return chosen(dataset, Int32Array.from(kept));
}

/** The values of a tensor of one axis, or of a list; undefined for anything else. */
async function valuesIn(mask: Mask): Promise<ArrayLike<boolean | number> | undefined> {
  if (mask instanceof Tensor) return mask.ndim === 1 ? mask.data() : undefined;
  return Array.isArray(mask) || ArrayBuffer.isView(mask) ? mask : undefined;
}

function written(mask: Mask): string {
  return mask instanceof Tensor ? `a tensor of shape [${mask.shape.join(", ")}]` : writeValue(mask);
}
