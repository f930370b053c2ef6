import { letProcessEnd, PoolWorker, type PoolOptions } from "./pool-worker.js";

/** How long workers without work live, between two epochs. To start them takes about a tenth of this time. */
const idleMilliseconds = 5000;

/** Makes batches in workers, each with a dataset of its own. */
export class WorkerPool {
  readonly #options: PoolOptions;
  #workers: PoolWorker[] = [];
  /** The loops that take batches from this pool. */
  #loops = 0;
  /** The batches that a loop waits for. While there are some, the workers keep the process alive. */
  #awaited = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasEnded = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Whether it makes no more batches, because its workers have ended. */
  get hasEnded(): boolean {
    return this.#hasEnded || this.#workers.some(({ lost }) => lost !== null);
  }

  /**
   * The batches of a loop, which the workers begin in their order and which are waited for one after the other. When the last loop has gone
   * through all of its batches, the workers wait for the next one for a while. When a loop is left before, they end, and with them what
   * they are doing.
   */
  async *loop(batches: Iterable<Promise<unknown>>): AsyncGenerator {
    this.#loops++;
    clearTimeout(this.#timer);
    let isWhole = false;
    try {
      for (const batch of batches) yield await this.#arrived(batch);
      isWhole = true;
    } finally {
      this.#loops--;
      if (this.#loops === 0) {
        if (isWhole && !this.hasEnded) this.#rest();
        else await this.#end();
      }
    }
  }

  /** Begins a batch. */
  batch(indices: Int32Array, epoch: number): Promise<unknown> {
    const lost = this.#workers.find((worker) => worker.lost !== null);
    const worker = lost ?? this.#freeWorker();
    return worker.make(indices, epoch);
  }

  /** A worker without work; a new one; or the one with the least work. */
  #freeWorker(): PoolWorker {
    const [least] = [...this.#workers].sort((a, b) => a.load - b.load);
    if (this.#workers.length > 0 && (least.load === 0 || this.#workers.length === this.#options.workers)) {
      return least;
    }
    const worker = new PoolWorker(this.#options);
    worker.keepAlive(this.#awaited > 0);
    this.#workers.push(worker);
    return worker;
  }

  async #arrived(batch: Promise<unknown>): Promise<unknown> {
    if (this.#awaited++ === 0) for (const worker of this.#workers) worker.keepAlive(true);
    try {
      return await batch;
    } finally {
      if (--this.#awaited === 0) for (const worker of this.#workers) worker.keepAlive(false);
    }
  }

  #rest(): void {
    this.#timer = setTimeout(() => void this.#end(), idleMilliseconds);
    letProcessEnd(this.#timer);
  }

  async #end(): Promise<void> {
    this.#hasEnded = true;
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.end()));
  }
}
