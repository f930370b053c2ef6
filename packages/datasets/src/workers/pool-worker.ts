import { StargradError } from "@stargrad/tensor";
import { version, warn } from "@stargrad/tensor/internal";

import { reasonOf } from "../fail.js";
import { connect, type Line, type LoaderWorker } from "./loader-worker.js";
import { isMessage, type Order, type Report } from "./messages.js";
import { pack, unpack } from "./parcel.js";
import { receiveError } from "./sent-error.js";

/** After this time without a sign of a worker, a warning says what may be missing. */
const silentMilliseconds = 5000;

export interface PoolOptions {
  /** The most workers. Each is started when all others have work. */
  readonly workers: number;
  readonly startWorker: () => LoaderWorker;
  readonly workerData: unknown;
  /** The number of items of the loader's dataset. */
  readonly items: number;
  /** Of all workers of a loader: whether one has given a sign of itself, or a warning has said that none does. */
  readonly silence: { isOver: boolean };
}

interface Pending {
  readonly indices: Int32Array;
  readonly epoch: number;
  readonly resolve: (batch: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A worker of a pool. */
export class PoolWorker {
  readonly #line: Line;
  readonly #options: PoolOptions;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  /** What the worker has said last of itself. */
  #state: "silent" | "starting" | "ready" = "silent";
  readonly #silence: ReturnType<typeof setTimeout>;
  /** Why it makes no batches; `null` if it does. */
  lost: StargradError | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#line = connect(options.startWorker(), {
      onMessage: (data) => {
        if (!isMessage(data)) return;
        try {
          this.#read(data as Report);
        } catch (error) {
          this.#lose(`a worker has sent what cannot be read: ${reasonOf(error)}`, undefined, error);
        }
      },
      onLost: (reason, cause) => {
        this.#lose(this.#describe(reason), hints[this.#state], cause);
      },
    });
    this.#silence = setTimeout(() => {
      if (options.silence.isOver) return;
      options.silence.isOver = true;
      warn(
        `Stargrad: a worker of a DataLoader was started ${silentMilliseconds / 1000} s ago and has not called serveDataset yet. Does its module call it, or does it take so long to load?`,
      );
    }, silentMilliseconds);
    letProcessEnd(this.#silence);
  }

  /** The number of batches that it has to make. */
  get load(): number {
    return this.#pending.size;
  }

  make(indices: Int32Array, epoch: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.lost !== null) {
        reject(this.lost);
        return;
      }
      this.#pending.set(this.#next, { indices, epoch, resolve, reject });
      if (this.#state !== "silent") this.#order(this.#next);
      this.#next++;
    });
  }

  keepAlive(isAwaited: boolean): void {
    if (this.lost === null) this.#line.keepAlive(isAwaited);
  }

  async end(): Promise<void> {
    clearTimeout(this.#silence);
    // Nobody waits for these batches any more.
    this.lost ??= new StargradError("DataLoader", "the loop that needed this batch was left");
    this.#rejectAll(this.lost);
    await this.#line.end();
  }

  #read(report: Report): void {
    if (this.lost !== null) return;
    if (report.stargrad === "hello") {
      clearTimeout(this.#silence);
      this.#options.silence.isOver = true;
      if (report.version !== version) {
        this.#lose(
          `a worker has version ${report.version} of Stargrad, and the loader version ${version}`,
          "Bundle or install both with the same version",
        );
        return;
      }
      void this.#start();
    } else if (report.stargrad === "ready") {
      this.#state = "ready";
      const { items } = this.#options;
      if (report.length === items) return;
      this.#lose(
        `the dataset of a worker has ${report.length} items, and that of the loader has ${items}`,
        "Let both make the same dataset, for example with one function of a module that both import",
      );
    } else if (report.stargrad === "unable") {
      const cause = receiveError(report.error);
      this.#lose(`a worker could not make its dataset: ${reasonOf(cause)}`, undefined, cause);
    } else {
      const pending = this.#pending.get(report.number);
      if (pending === undefined) return;
      if (report.stargrad === "made") pending.resolve(unpack(report.batch));
      else pending.reject(receiveError(report.error, `in a worker of DataLoader, ${written(pending)}`));
      this.#pending.delete(report.number);
    }
  }

  /** The answer to the worker's first message: its data, and what it has to do. */
  async #start(): Promise<void> {
    try {
      const { parcel } = await pack("DataLoader: workerData", this.#options.workerData);
      this.#line.send({ stargrad: "start", data: parcel } satisfies Order);
      this.#state = "starting";
      for (const number of this.#pending.keys()) this.#order(number);
    } catch (error) {
      this.#lose(`a worker could not be started: ${reasonOf(error)}`, undefined, error);
    }
  }

  #order(number: number): void {
    const { indices, epoch } = this.#pending.get(number) as Pending;
    this.#line.send({ stargrad: "make", number, indices, epoch } satisfies Order);
  }

  #lose(problem: string, hint?: string, cause?: unknown): void {
    if (this.lost !== null) return;
    clearTimeout(this.#silence);
    this.lost = new StargradError("DataLoader", problem, hint, cause === undefined ? undefined : { cause });
    this.#rejectAll(this.lost);
  }

  #rejectAll(error: StargradError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #describe(reason: string): string {
    if (this.#state !== "ready") return `a worker has ended ${reason} before its dataset was there`;
    if (this.load === 0) return `a worker has ended ${reason}`;
    const [first] = this.#pending.values();
    return `a worker has ended ${reason}, at ${written(first)}`;
  }
}

/** What to try when a worker has ended, by what it had said before. */
const hints = {
  silent: "Its module has to exist, to run without an error, and to call serveDataset",
  starting: undefined,
  ready: undefined,
};

function written({ indices, epoch }: Pending): string {
  const some = [...indices.subarray(0, 8)].join(", ");
  const rest = indices.length > 8 ? `, … (${indices.length} in all)` : "";
  return `the batch of the items ${some}${rest} of epoch ${epoch}`;
}

/** A timer that does not keep the process alive. In a page, timers are numbers. */
export function letProcessEnd(timer: unknown): void {
  (Object(timer) as { unref?(): void }).unref?.();
}
