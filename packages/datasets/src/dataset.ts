import { IndexError } from "@stargrad/tensor";

/**
 * A list of items that are read in batches; `Batch` is the type of one batch. Gathering a whole batch in one call makes
 * datasets in memory fast. An asynchronous dataset is a `Dataset<Promise<Batch>>`.
 */
export interface Dataset<Batch> {
  /** How many items there are. */
  readonly length: number;
  /**
   * The items at these indices, in this order.
   *
   * Throws: IndexError for an index outside 0 … length − 1
   */
  batch(indices: Int32Array): Batch;
}

/** Throws an IndexError for an index outside 0 … length − 1. */
export function expectIndices(indices: Int32Array, length: number): void {
  const wrong = indices.find((index) => !(index >= 0 && index < length && Number.isInteger(index)));
  if (wrong !== undefined) throw new IndexError("batch", `got index ${wrong} into ${length} items`);
}
