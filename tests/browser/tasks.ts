import { backward } from "@stargrad/autograd";
import {
  catsAndDogs,
  DataLoader,
  decodeImage,
  digits,
  encodeIdx,
  imageFolder,
  readCsv,
} from "@stargrad/datasets";
import { conformanceCases, disagreement, referenceEngine, runProgram, type Engine } from "@stargrad/graph";
import { crossEntropy, Linear, ReLU, Sequential } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { Generator, getEngine, normal, randint, setEngine, Tensor } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { lives, mostHeld } from "../dropped-models.js";
import { drawings, type DrawingsOptions } from "../loader-workers/drawings.js";

// The tasks that the tests run in a browser, on a page or in a worker.

export interface ConformanceReport {
  /** The number of threads. */
  readonly threads: number;
  readonly cases: number;
  /** The first failed cases, with the error of each. */
  readonly failures: readonly string[];
}

export interface TrainingReport {
  /** The name of the engine. */
  readonly engine: string;
  readonly losses: readonly number[];
  /** The warnings on the console. */
  readonly notices: readonly string[];
  /** Whether other threads received work from a loop that awaits only its losses. */
  readonly shared: boolean;
}

/** Runs every case on the WebAssembly engine. Compares one thread with the reference engine, and three with one bit for bit. */
async function conformance(): Promise<ConformanceReport> {
  const engine = new WasmEngine({ threads: 1 });
  const threaded = new WasmEngine({ threads: 3, waitForThreads: true, leastWork: 0 });
  const threads = await threaded.startThreads();
  const cases = conformanceCases();
  const failures = cases.flatMap(({ name, build, tolerance }) => {
    const compute = (on: Engine) => runProgram(on, [build()])[0].readSync();
    try {
      const got = compute(engine);
      const wrong =
        disagreement(got, compute(referenceEngine), tolerance) ?? disagreement(compute(threaded), got, 0);
      return wrong === null ? [] : [`${name}: ${wrong}`];
    } catch (error) {
      return [`${name}: ${String(error)}`];
    }
  });
  return { threads, cases: cases.length, failures: failures.slice(0, 10) };
}

/** A plain loop on the default engine, or on one that uses two threads even for the smallest work. */
async function training({ eager }: { eager: boolean }): Promise<TrainingReport> {
  const notices: string[] = [];
  console.warn = (text: string) => notices.push(text);
  let commands = 0;
  const notify = Atomics.notify.bind(Atomics) as (...given: unknown[]) => number;
  Atomics.notify = (...given: unknown[]) => {
    commands++;
    return notify(...given);
  };
  if (eager) setEngine(new WasmEngine({ threads: 2, leastWork: 0 }));

  const generator = new Generator(1);
  const model = new Sequential(
    new Linear(20, 16, { generator }),
    new ReLU(),
    new Linear(16, 4, { generator }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const x = normal([32, 20], { generator });
  const y = randint([32], { high: 4, generator });
  const losses: number[] = [];
  for (let step = 0; step < 300; step++) {
    const loss = crossEntropy(model.forward(x), y);
    backward(loss);
    optimizer.step();
    optimizer.zeroGrad();
    losses.push(await loss.item());
  }
  return { engine: getEngine().name, losses, notices, shared: commands > 0 };
}

export interface DroppingReport {
  /** The maximum memory that the engine held after any model, in bytes. */
  readonly most: number;
}

/** Makes, trains and drops models, in a loop that awaits only their losses. */
async function dropping({ models }: { models: number }): Promise<DroppingReport> {
  const engine = new WasmEngine({ threads: 1 });
  setEngine(engine);
  return { most: await mostHeld(engine, models, lives.awaitsLosses) };
}

export interface ReadingReport {
  readonly labels: readonly number[];
  readonly drawn: readonly number[];
  readonly table: readonly (readonly unknown[])[];
  readonly refused: string;
  readonly classes: readonly string[];
  readonly images: readonly number[];
  readonly damaged: string;
}

/** Reads what people drop on a page: IDX files, a table and a folder of images, each right and wrong. */
async function reading({ png, jpeg }: { png: string; jpeg: string }): Promise<ReadingReport> {
  const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const gzip = async (bytes: Uint8Array) => {
    const packed = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Response(packed).blob();
  };
  const errorOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "",
      (error: unknown) => String(error),
    );
  const idx = [
    ["t10k-images-idx3-ubyte.gz", encodeIdx({ shape: [2, 1, 1], data: Uint8Array.of(0, 255) })],
    ["t10k-labels-idx1-ubyte.gz", encodeIdx({ shape: [2], data: Uint8Array.of(3, 8) })],
  ] as const;
  const files = await Promise.all(idx.map(async ([name, bytes]) => new File([await gzip(bytes)], name)));
  const { y } = (await digits({ files, split: "test" })).all();
  const table = await readCsv(new File(["name\tvalue\nx\t1.5\ny\t\nx\t2\ny\t3"], "a.tsv"));
  const pictures = [
    ["pets/dog/a.jpg", jpeg],
    ["pets/cat/a.png", png],
  ].map(([path, base64]) => {
    const file = new File([bytesOf(base64)], path.slice(9));
    return Object.defineProperty(file, "webkitRelativePath", { value: path });
  });
  const images = await imageFolder(pictures, { size: 2 });
  return {
    labels: [...y.dataSync()],
    drawn: [...catsAndDogs({ samples: 2, seed: 5 }).all().x.dataSync()],
    table: table.columns.map(({ name, type, values }) => [name, type, ...values]),
    refused: await errorOf(readCsv(new File(['a\n"1'], "b.csv"))),
    classes: images.classes,
    images: [...(await images.load()).all().x.dataSync()],
    damaged: await errorOf(decodeImage(bytesOf(png).subarray(0, 50))),
  };
}

export interface LoadingReport {
  /** What the batches of two epochs contain. */
  readonly batches: readonly unknown[];
  /** The messages of the errors: that of the loop, and of its cause. */
  readonly errors: readonly string[];
  /** The most workers that were there at a time, and how many are there in the end. */
  readonly most: number;
  readonly left: number;
}

/** Loads drawings in workers of the page: two epochs, the second of which is left before its last batch. */
async function loading({
  workers,
  file = "drawings.worker.js",
  ...options
}: DrawingsOptions & { workers: number; file?: string }): Promise<LoadingReport> {
  let [most, left] = [0, 0];
  class CountedWorker extends Worker {
    override terminate(): void {
      left--;
      super.terminate();
    }
  }
  const loader = new DataLoader(drawings(options), {
    batchSize: 3,
    shuffle: true,
    seed: 1,
    workers,
    startWorker: () => {
      most = Math.max(most, ++left);
      return new CountedWorker(file, { type: "module" });
    },
    workerData: options,
  });
  const batches: unknown[] = [];
  const errors: string[] = [];
  try {
    for await (const batch of loader) batches.push(written(batch));
    for await (const batch of loader) {
      batches.push(written(batch));
      if (loader.state().position === loader.length - 1) break;
    }
  } catch (error) {
    errors.push(String(error), String((error as Error).cause));
  }
  return { batches, errors, most, left };
}

/** A batch as plain values, with all digits of its numbers. */
function written(value: unknown): unknown {
  if (value instanceof Tensor) {
    const { dtype, shape } = value as Tensor;
    return [dtype, ...shape, ...Array.from(value.dataSync(), (each) => (Object.is(each, -0) ? "-0" : each))];
  }
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)];
  if (Array.isArray(value)) return value.map(written);
  if (value === null || Object.getPrototypeOf(value) !== Object.prototype) return String(value);
  return Object.fromEntries(Object.entries(value as object).map(([name, part]) => [name, written(part)]));
}

export const tasks = { conformance, training, dropping, reading, loading };
