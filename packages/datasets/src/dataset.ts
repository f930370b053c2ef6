import { ArgumentError, IndexError } from "@stargrad/tensor";
import { hintFor, writeValue } from "@stargrad/tensor/internal";

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
  if (!ArrayBuffer.isView(indices) && !Array.isArray(indices)) {
    throw new ArgumentError(
      "batch",
      `got ${writeValue(indices)}; expected an Int32Array of indices`,
      hintFor(indices, "Call it with several, as in batch(Int32Array.of(0, 1))"),
    );
  }
  const at = indices.findIndex((index) => !(index >= 0 && index < length && Number.isInteger(index)));
  if (at >= 0) throw new IndexError("batch", `got index ${indices[at]} into ${length} items`);
}

/** Throws: ArgumentError for a dataset that would take minutes to make, or more memory than there is. `got`: what makes it large */
export function expectFew(called: string, got: string, numbers: number, most: number): void {
  if (numbers <= most) return;
  throw new ArgumentError(called, `got ${got}, ${numbers} numbers; expected at most ${most}`);
}
