import { ArgumentError } from "@stargrad/tensor";

import type { Dataset } from "./dataset.js";
import { sequentialSampler, shufflingSampler, type Sampler } from "./sampler.js";

export interface DataLoaderOptions {
  /** Items per batch. Default: 1. */
  readonly batchSize?: number;
  /** Give every epoch an order of its own. Default: false, the dataset's order. */
  readonly shuffle?: boolean;
  /** Decides the shuffled orders. Default: 0. */
  readonly seed?: number;
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Decides the order instead of `shuffle`. */
  readonly sampler?: Sampler;
}

/** Where a loader stands; plain numbers, ready for JSON. */
export interface DataLoaderState {
  readonly epoch: number;
  /** Batches of this epoch already handed out. */
  readonly position: number;
  readonly seed: number;
  readonly batchSize: number;
  readonly items: number;
}

/**
 * Hands out a dataset in batches. One loop over it, with `for` or `for await`, is one epoch.
 *
 * The order of an epoch follows from the seed and the epoch's number alone. `state()` inside a loop says where the
 * loop stands, after the batch it has in hand; a loader that is given it by `restore()` goes on with the batch after
 * that, bit for bit. A loop left early ends its epoch: the next loop begins the next one.
 *
 * Defaults: batchSize 1, no shuffling, seed 0, a last smaller batch is kept
 * Throws: ArgumentError for a batch size below 1, or both a sampler and shuffle
 * Source: torch.utils.data.DataLoader
 */
export class DataLoader<Batch> implements Iterable<Batch>, AsyncIterable<Awaited<Batch>> {
  /** Batches per epoch. */
  readonly length: number;
  readonly #dataset: Dataset<Batch>;
  readonly #sampler: Sampler;
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch = 0;
  #position = 0;
  /** Whether the next loop goes on at `position` rather than at the start of an epoch. */
  #restored = false;

  constructor(dataset: Dataset<Batch>, options: DataLoaderOptions = {}) {
    const { batchSize = 1, shuffle = false, seed = 0, dropLast = false, sampler } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new ArgumentError(
        "DataLoader",
        `got batchSize ${batchSize}; expected a whole number of at least 1`,
      );
    }
    if (sampler !== undefined && shuffle) {
      throw new ArgumentError(
        "DataLoader",
        "got both a sampler and shuffle, but each decides the order",
        "Drop one",
      );
    }
    this.#dataset = dataset;
    this.#sampler =
      sampler ?? (shuffle ? shufflingSampler(dataset.length, seed) : sequentialSampler(dataset.length));
    this.#batchSize = batchSize;
    this.#seed = seed;
    const batches = this.#sampler.length / batchSize;
    this.length = dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The epoch the loop is in, or the next loop will be in; counted from 0. */
  get epoch(): number {
    return this.#epoch;
  }

  *[Symbol.iterator](): IterableIterator<Batch> {
    if (this.#position > 0 && !this.#restored) this.#startEpoch(this.#epoch + 1);
    this.#restored = false;
    const epoch = this.#epoch;
    const order = this.#sampler.order(epoch);
    for (let batch = this.#position; batch < this.length; batch++) {
      const start = batch * this.#batchSize;
      const indices = order.subarray(start, start + this.#batchSize);
      this.#epoch = epoch;
      this.#position = batch + 1;
      yield this.#dataset.batch(indices);
    }
    this.#startEpoch(epoch + 1);
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Awaited<Batch>> {
    for (const batch of this) yield await batch;
  }

  state(): DataLoaderState {
    return {
      epoch: this.#epoch,
      position: this.#position,
      seed: this.#seed,
      batchSize: this.#batchSize,
      items: this.#sampler.length,
    };
  }

  /**
   * Makes the next loop go on where another loader, of equal settings over equal data, stood.
   *
   * Throws: ArgumentError if seed, batch size or number of items differ, or if there is no such position
   */
  restore(state: DataLoaderState): void {
    const own = this.state();
    for (const setting of ["seed", "batchSize", "items"] as const) {
      if (state[setting] !== own[setting]) {
        throw new ArgumentError(
          "DataLoader.restore",
          `the state was saved with ${setting} ${state[setting]}, this loader has ${own[setting]}`,
          "Build the loader as it was when the state was saved",
        );
      }
    }
    const { epoch, position } = state;
    if (!isCount(epoch) || !isCount(position) || position > this.length) {
      throw new ArgumentError(
        "DataLoader.restore",
        `got epoch ${epoch}, position ${position}; expected whole numbers, and a position of at most ${this.length}`,
      );
    }
    this.#epoch = epoch;
    this.#position = position;
    this.#restored = true;
  }

  #startEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#position = 0;
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
