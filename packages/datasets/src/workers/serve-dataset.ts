import { ArgumentError, defaultGenerator, StargradError } from "@stargrad/tensor";
import { handleRejections, preferOneThread, shared, version } from "@stargrad/tensor/internal";

import { expectDataset, type Dataset } from "../dataset.js";
import { isMessage, type Order, type Report } from "./messages.js";
import { pack, unpack } from "./parcel.js";
import { sendError } from "./sent-error.js";

/** The worker's end of the line to the loader. */
interface Parent {
  send(report: Report, transfer?: readonly ArrayBufferLike[]): void;
  listen(listener: (data: unknown) => void): void;
}

const serving = /* @__PURE__ */ shared("served dataset", () => ({ isServed: false }));

/**
 * Makes the batches of a `DataLoader` in a worker. The module of the worker calls it once, with its dataset, or with a function that makes the
 * dataset, also as a promise, of the loader's option `workerData`:
 *
 *     serveDataset(async ({ folder }: { folder: string }) => augmented(await imageFolder(folder, { size: 64 })));
 *
 * The loader asks for the batches, by the indices of their items. Every worker has the same dataset, so an item is the same whichever worker
 * makes it; random changes draw from the generators of `mapDataset`. Batches consist of tensors, typed arrays, numbers, texts, dates, and
 * lists and records of them. The worker works until the loader ends it. Its engine has one thread, unless it computes before this call or
 * `setEngine` chooses another.
 *
 * Throws: ArgumentError outside of a worker, and for a second call
 */
export function serveDataset(
  source:
    | Dataset<unknown>
    | PromiseLike<Dataset<unknown>>
    | ((data: never) => Dataset<unknown> | PromiseLike<Dataset<unknown>>),
): void {
  const parent = findParent();
  if (parent === null) {
    handleRejections(source);
    throw new ArgumentError(
      "serveDataset",
      "was called outside of a worker",
      "Call it in a module of its own, and let the loader start it: { workers: 4, startWorker: () => new Worker(…) }",
    );
  }
  if (serving.isServed) {
    throw new ArgumentError("serveDataset", "was called a second time", "A worker has one dataset");
  }
  serving.isServed = true;
  preferOneThread();
  // Until it is asked for, an error of a promise belongs to nobody.
  handleRejections(source);

  let dataset: Promise<Dataset<unknown>> | null = null;
  const begin = async (data: unknown): Promise<Dataset<unknown>> => {
    const made = await (typeof source === "function" ? source(data as never) : source);
    expectDataset("serveDataset", made);
    return made;
  };
  const make = async (order: Order & { stargrad: "make" }): Promise<void> => {
    const { number, indices, epoch } = order;
    try {
      const { parcel, transfer } = await pack(
        "DataLoader",
        await batchOf(await started(dataset), indices, epoch),
      );
      parent.send({ stargrad: "made", number, batch: parcel }, transfer);
    } catch (error) {
      parent.send({ stargrad: "failed", number, error: sendError(error) });
    }
  };
  let last = Promise.resolve();
  parent.listen((data) => {
    if (!isMessage(data)) return;
    if (data.stargrad === "start") {
      dataset = begin(unpack(data.data));
      dataset.then(
        ({ length }) => {
          parent.send({ stargrad: "ready", length });
        },
        (error: unknown) => {
          parent.send({ stargrad: "unable", error: sendError(error) });
        },
      );
    } else if (data.stargrad === "make") {
      // One after the other, so that no more memory is needed than for one batch.
      last = last.then(() => make(data));
    }
  });
  parent.send({ stargrad: "hello", version });
}

async function started(dataset: Promise<Dataset<unknown>> | null): Promise<Dataset<unknown>> {
  if (dataset === null)
    throw new StargradError("serveDataset", "was asked for a batch before it was started");
  return dataset;
}

/** A batch. Throws: StargradError if it has drawn from the default generator */
async function batchOf(dataset: Dataset<unknown>, indices: Int32Array, epoch: number): Promise<unknown> {
  const before = defaultGenerator().state();
  const batch = await dataset.batch(indices, epoch);
  const { seed, block } = defaultGenerator().state();
  if (seed === before.seed && block === before.block) return batch;
  throw new StargradError(
    "DataLoader",
    "a batch drew from the default generator in a worker; its numbers would depend on the number of workers",
    "Draw from the generators that mapDataset passes, one for each item: uniform([2], { generator: generators[0] })",
  );
}

/** The line to the loader; `null` outside of a worker. */
function findParent(): Parent | null {
  const isNode = typeof process === "object" && typeof process.getBuiltinModule === "function";
  const port = isNode ? process.getBuiltinModule("node:worker_threads").parentPort : null;
  if (port !== null) {
    return {
      send: (report, transfer) => {
        port.postMessage(report, transfer as ArrayBuffer[] | undefined);
      },
      listen: (listener) => {
        port.on("message", listener);
      },
    };
  }
  const scope = globalThis as unknown as {
    readonly WorkerGlobalScope?: unknown;
    postMessage(report: Report, transfer: readonly ArrayBufferLike[]): void;
    addEventListener(name: string, listener: (event: { readonly data: unknown }) => void): void;
  };
  if (scope.WorkerGlobalScope === undefined) return null;
  return {
    send: (report, transfer = []) => {
      scope.postMessage(report, transfer);
    },
    listen: (listener) => {
      scope.addEventListener("message", ({ data }) => {
        listener(data);
      });
    },
  };
}
