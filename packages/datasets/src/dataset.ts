import { IndexError } from "@stargrad/tensor";

/**
 * Items that are fetched many at a time; `Batch` is what several of them together look like. Gathering a whole batch
 * at once is what makes a dataset in memory fast. A dataset that has to wait is a `Dataset<Promise<Batch>>`.
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
  const wrong = indices.find((index) => index < 0 || index >= length);
  if (wrong !== undefined) throw new IndexError("batch", `got index ${wrong} into ${length} items`);
}
