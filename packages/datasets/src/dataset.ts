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
   * The items at these indices, in this order. `epoch` is the number of the loader's epoch, from 0, and 0 if it is omitted; only random
   * changes of the items depend on it.
   *
   * Throws: IndexError for an index outside 0 … length − 1
   */
  batch(indices: Int32Array, epoch?: number): Batch;
}

/** Throws an ArgumentError unless the value is a dataset. */
export function expectDataset(called: string, dataset: unknown): void {
  const { length, batch } = Object(dataset) as Partial<Dataset<unknown>>;
  if (isCount(length) && typeof batch === "function") return;
  throw new ArgumentError(
    called,
    "got something that is no dataset; expected an object with `length` and `batch`",
    "dataset" in Object(dataset)
      ? "Make one of a table with table.dataset({ target })"
      : hintFor(
          dataset,
          "Make one of tensors with arrays({ x, y }), or of single items with itemDataset(items)",
        ),
  );
}

/** Whether it is a whole number of at least 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
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

/** The indices of all items, 256 at a time. */
export function* passages(length: number, size = 256): IterableIterator<Int32Array> {
  for (let start = 0; start < length; start += size) {
    yield Int32Array.from({ length: Math.min(size, length - start) }, (_, i) => start + i);
  }
}
