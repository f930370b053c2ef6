import { ArgumentError } from "@stargrad/tensor";
import {
  anything,
  callable,
  count,
  expectOptions,
  flag,
  refuseAssignments,
  wholeFrom,
  type Kind,
} from "@stargrad/tensor/internal";

import { expectDataset, isCount, type Dataset } from "./dataset.js";
import { lookAhead } from "./look-ahead.js";
import { sequentialSampler, shufflingSampler, type Order, type Sampler } from "./sampler.js";
import type { LoaderWorker } from "./workers/loader-worker.js";
import type { PoolOptions } from "./workers/pool-worker.js";
import { WorkerPool } from "./workers/worker-pool.js";

export interface DataLoaderOptions {
  /** Items per batch. Default: 1. */
  readonly batchSize?: number;
  /** Shuffle the items anew in every epoch. Default: false, the order of the dataset. */
  readonly shuffle?: boolean;
  /** The seed of the shuffled orders. Default: 0. */
  readonly seed?: number;
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
  /**
   * How many batches `for await` begins before they are needed, for datasets whose batches are promises: the next pictures are decoded
   * while a step computes. Leaving the loop begins no more. Default: 2 for each worker, so 0 without workers.
   */
  readonly prefetch?: number;
  /**
   * How many workers make the batches, each at one batch at a time. Batches, their order and the position to save are the same for any
   * number. Default: 0, no workers. Needs `startWorker`.
   */
  readonly workers?: number;
  /**
   * Starts a worker whose module calls `serveDataset` with the same dataset:
   * `() => new Worker(new URL("./data.worker.js", import.meta.url), { type: "module" })`. In Node, `Worker` is imported from `node:worker_threads`.
   */
  readonly startWorker?: () => LoaderWorker;
  /** What the function gets that was passed to `serveDataset`, such as the path of a folder, files or tensors. Default: undefined. */
  readonly workerData?: unknown;
  /** Decides the order instead of `shuffle`. */
  readonly sampler?: Sampler;
}

/** The position of a loader, as plain numbers that can be stored as JSON. */
export interface DataLoaderState {
  readonly epoch: number;
  /** How many batches of this epoch were already yielded. */
  readonly position: number;
  readonly seed: number;
  readonly batchSize: number;
  readonly items: number;
}

/** Begins a batch of an epoch. */
type MakeLater<Batch> = (order: Order, batch: number, epoch: number) => Promise<Awaited<Batch>>;

const samplerKind: Kind = [
  "a sampler with `length` and `order`, such as randomSampler(items, { draws })",
  (value) =>
    typeof (value as Partial<Sampler> | null)?.length === "number" &&
    typeof (value as Partial<Sampler>).order === "function",
];

/**
 * Yields the items of a dataset in batches. One loop over it, with `for` or `for await`, is one epoch.
 *
 * The order of an epoch depends only on the seed and the number of the epoch. Inside a loop, `state()` returns the
 * position after the current batch. A loader that receives it through `restore()` continues with the following batch, bit
 * for bit. Leaving a loop early ends its epoch: the next loop begins the next epoch.
 *
 * With `workers`, the batches are made in workers while the loop computes. `for await` starts them, and leaving it early ends them. After
 * a whole epoch they wait some seconds for the next one, and never keep the process alive.
 *
 * Defaults: batchSize 1, no shuffling, seed 0, a smaller last batch is kept
 * Throws: ArgumentError for a batch size below 1, both a sampler and shuffle, more than 2³¹ items, or more than 2²⁸ items to shuffle
 * Source: torch.utils.data.DataLoader
 */
export class DataLoader<Batch> implements Iterable<Batch>, AsyncIterable<Awaited<Batch>> {
  static {
    const settings = [
      ...["batchSize", "shuffle", "seed", "dropLast", "prefetch", "sampler"],
      ...["workers", "startWorker", "workerData"],
    ];
    refuseAssignments(this, "DataLoader", settings, "Construct another DataLoader");
  }

  /** Batches per epoch. */
  readonly length: number;
  readonly #dataset: Dataset<Batch>;
  readonly #sampler: Sampler;
  readonly #batchSize: number;
  readonly #seed: number;
  readonly #prefetch: number;
  /** How to make batches in workers; `null` to make them here. */
  readonly #poolOptions: PoolOptions | null;
  #pool: WorkerPool | null = null;
  #epoch = 0;
  #position = 0;
  #restored: DataLoaderState | null = null;
  /** How often `restore` was called. */
  #restores = 0;

  constructor(dataset: Dataset<Batch>, options: DataLoaderOptions = {}) {
    expectDataset("DataLoader", dataset);
    expectOptions<DataLoaderOptions>("DataLoader", options, {
      batchSize: count,
      shuffle: flag,
      seed: anything,
      dropLast: flag,
      prefetch: wholeFrom(0),
      sampler: samplerKind,
      workers: wholeFrom(0),
      startWorker: callable,
      workerData: anything,
    });
    const { batchSize = 1, shuffle = false, seed = 0, dropLast = false, sampler } = options;
    const { workers = 0, startWorker, workerData, prefetch = 2 * workers } = options;
    if (workers > 0 && startWorker === undefined) {
      throw new ArgumentError(
        "DataLoader",
        `got ${workers} workers without startWorker`,
        'Pass { startWorker: () => new Worker(new URL("./data.worker.js", import.meta.url), { type: "module" }) }; its module calls serveDataset',
      );
    }
    if (sampler !== undefined && shuffle) {
      throw new ArgumentError(
        "DataLoader",
        "got both a sampler and shuffle, but each decides the order",
        "Pass only one of them",
      );
    }
    const [most, written] = shuffle ? [2 ** 28, "2²⁸ items to shuffle"] : [2 ** 31, "2³¹ items"];
    if (sampler === undefined && dataset.length > most) {
      throw new ArgumentError(
        "DataLoader",
        `got a dataset of ${dataset.length} items; expected at most ${written}`,
        "Draw from them: { sampler: randomSampler(2 ** 31, { draws: 100_000 }) }",
      );
    }
    this.#dataset = dataset;
    this.#sampler =
      sampler ?? (shuffle ? shufflingSampler(dataset.length, seed) : sequentialSampler(dataset.length));
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.#prefetch = prefetch;
    this.#poolOptions =
      startWorker === undefined || workers === 0
        ? null
        : { workers, startWorker, workerData, items: dataset.length, silence: { isOver: false } };
    const batches = this.#sampler.length / batchSize;
    this.length = dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The epoch of the current loop or, between loops, of the next one; counted from 0. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * The state that `restore` has set, as long as no loop has gone on from it: a loop that is left at its first batch only looks at
   * it. Otherwise null. A training continues here; its `epoch` is the number of completed epochs.
   */
  get restored(): DataLoaderState | null {
    return this.#restored;
  }

  /** Throws: ArgumentError for a loader with workers, which a loop has to await */
  [Symbol.iterator](): IterableIterator<Batch> {
    if (this.#poolOptions !== null) {
      throw new ArgumentError(
        "DataLoader",
        "a loop without await cannot wait for its workers",
        "Write for await (const batch of loader), or use no workers",
      );
    }
    return this.#loop(0, (order, batch, epoch) => this.#batchOf(order, batch, epoch));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Awaited<Batch>> {
    return this.#awaited((make) => this.#loop(this.#prefetch, make));
  }

  /** The batches that `begin` begins with the function that it gets: here, or in workers. */
  async *#awaited(
    begin: (make: MakeLater<Batch>) => Iterable<Promise<Awaited<Batch>>>,
  ): AsyncIterableIterator<Awaited<Batch>> {
    if (this.#poolOptions === null) {
      for (const batch of begin(this.#later)) yield await batch;
      return;
    }
    if (this.#pool?.hasEnded !== false) this.#pool = new WorkerPool(this.#poolOptions);
    const pool = this.#pool;
    const make: MakeLater<Batch> = (order, batch, epoch) =>
      pool.batch(this.#indicesOf(order, batch), epoch) as Promise<Awaited<Batch>>;
    yield* pool.loop(begin(make)) as AsyncGenerator<Awaited<Batch>>;
  }

  /** One epoch; `make` begins a batch, and `ahead` batches are begun before they are needed. */
  *#loop<Made>(
    ahead: number,
    make: (order: Order, batch: number, epoch: number) => Made,
  ): IterableIterator<Made> {
    const { epoch: restoredEpoch, position } = this.#restored ?? { position: 0 };
    const continues = restoredEpoch === this.#epoch && position === this.#position;
    if (this.#position > 0 && !continues) this.#startEpoch(this.#epoch + 1);
    const [epoch, restores] = [this.#epoch, this.#restores];
    const order = this.#sampler.order(epoch);
    const take = lookAhead([this.#position, this.length], ahead, (batch) => make(order, batch, epoch));
    for (let batch = this.#position; batch < this.length; batch++) {
      this.#epoch = epoch;
      this.#position = batch + 1;
      yield take();
      if (this.#restores !== restores) {
        throw new ArgumentError(
          "DataLoader",
          "was restored inside of a loop over it; the loop would go on where it was",
          "Leave the loop with break after restore, and begin another one",
        );
      }
      this.#restored = null;
    }
    this.#restored = null;
    this.#startEpoch(epoch + 1);
  }

  /**
   * All batches of the current epoch. Unlike a loop over the loader, it does not move the loader's position, so a training that uses
   * the same loader is not affected. `evaluate` reads its batches this way.
   */
  batches(): AsyncIterableIterator<Awaited<Batch>> {
    return this.#awaited((make) => this.#still(make));
  }

  *#still(make: MakeLater<Batch>): IterableIterator<Promise<Awaited<Batch>>> {
    const epoch = this.#epoch;
    const order = this.#sampler.order(epoch);
    const take = lookAhead([0, this.length], this.#prefetch, (batch) => make(order, batch, epoch));
    for (let batch = 0; batch < this.length; batch++) yield take();
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
   * Lets the next loop continue at the position of another loader with equal settings and equal data.
   *
   * Throws: ArgumentError if the seed, the batch size or the number of items differs, or if the position does not exist. A loop that is
   * not left after this call throws, because it would go on where it was
   */
  restore(state: DataLoaderState): void {
    const own = this.state();
    for (const setting of ["seed", "batchSize", "items"] as const) {
      if (state[setting] !== own[setting]) {
        throw new ArgumentError(
          "DataLoader.restore",
          `the state was saved with ${setting} ${state[setting]}, this loader has ${own[setting]}`,
          "Build the loader with the same settings and data as when the state was saved",
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
    this.#restores++;
    this.#restored = this.state();
  }

  /** A batch as a promise. Its error is that of the promise, also if the dataset throws at once, because it belongs to a later turn of the loop. */
  readonly #later = async (order: Order, batch: number, epoch: number): Promise<Awaited<Batch>> =>
    await this.#batchOf(order, batch, epoch);

  #batchOf(order: Order, batch: number, epoch: number): Batch {
    return this.#dataset.batch(this.#indicesOf(order, batch), epoch);
  }

  /** A copy, because a dataset may change its argument. */
  #indicesOf(order: Order, batch: number): Int32Array {
    const start = batch * this.#batchSize;
    return order.subarray(start, start + this.#batchSize).slice();
  }

  #startEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#position = 0;
  }
}
