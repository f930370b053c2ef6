import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

import {
  arrays,
  DataLoader,
  type DataLoaderOptions,
  type DataLoaderState,
  type LoaderWorker,
} from "@stargrad/datasets";
import { Flatten, Linear, Sequential } from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import { Generator, StargradError, Tensor, tensor } from "@stargrad/tensor";
import { fit } from "@stargrad/train";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { bundlePrograms } from "./bundle-programs.js";
import { drawings, type Drawings, type DrawingsOptions } from "./loader-workers/drawings.js";

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stargrad-workers-"));
  const files = {
    drawings: "loader-workers/drawings.worker.ts",
    datasets: "../packages/datasets/src/index.ts",
    tensor: "../packages/tensor/src/index.ts",
  };
  await bundlePrograms(import.meta.dirname, files, folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The workers that were started and have not ended. */
const running = new Set<Worker>();
/** How many batches were asked for. */
let asked = 0;

afterEach(async () => {
  await Promise.all([...running].map((worker) => worker.terminate()));
});

/** Starts workers of a module, and notes them. */
const starting =
  (name: string, options: WorkerOptions = {}) =>
  (): LoaderWorker => {
    const worker = new Worker(pathToFileURL(join(folder, name)), options);
    running.add(worker);
    worker.on("exit", () => running.delete(worker));
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message: { stargrad?: string }) => {
      if (message.stargrad === "make") asked++;
      post(message);
    };
    return worker;
  };

/** A loader of drawings. */
const load = (
  workers: number,
  { accident, items = 20, ...rest }: DataLoaderOptions & Partial<DrawingsOptions> = {},
) =>
  new DataLoader(drawings({ items, ...(accident !== undefined && { accident }) }), {
    batchSize: 3,
    shuffle: true,
    seed: 1,
    workers,
    startWorker: starting("drawings.mjs"),
    workerData: { items, accident },
    ...rest,
  });

/** A value with the bytes of its tensors, to be compared bit for bit. */
function bits(value: unknown): unknown {
  if (value instanceof Tensor) {
    const { dtype, shape } = value as Tensor;
    return [dtype, shape, Buffer.from(value.dataSync().buffer).toString("hex")];
  }
  if (Array.isArray(value)) return value.map(bits);
  if (value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value as object).map(([name, part]) => [name, bits(part)]));
}

async function epochs(loader: DataLoader<Promise<Drawings>>, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let epoch = 0; epoch < count; epoch++) for await (const batch of loader) seen.push(bits(batch));
  return seen;
}

const errorOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error("expected a rejection");
    },
    (error: unknown) => error as Error,
  );

describe("workers", () => {
  it("make the batches that are made without them, in the same order, epoch for epoch", async () => {
    const [expected, one, four] = await Promise.all([0, 1, 4].map((workers) => epochs(load(workers), 2)));
    expect(expected).toHaveLength(14);
    expect(new Set(expected.map((batch) => JSON.stringify(batch))).size).toBe(14);
    expect(one).toEqual(expected);
    expect(four).toEqual(expected);
  });

  it(
    "go on where a loop was interrupted, whatever made the batches before and after",
    { timeout: 600_000 },
    async () => {
      const counts = {
        items: fc.integer({ min: 1, max: 14 }),
        batchSize: fc.integer({ min: 1, max: 5 }),
        stop: fc.nat(12),
        before: fc.constantFrom(0, 1, 4),
        after: fc.constantFrom(0, 1, 4),
        dropLast: fc.boolean(),
        shuffle: fc.boolean(),
        prefetch: fc.option(fc.nat(5), { nil: undefined }),
      };
      await fc.assert(
        fc.asyncProperty(fc.record(counts), async ({ items, stop, before, after, prefetch, ...rest }) => {
          const options = { items, ...rest, ...(prefetch !== undefined && { prefetch }) };
          const undisturbed = await epochs(load(0, options), 2);
          const first = load(before, options);
          const seen: unknown[] = [];
          let saved = JSON.stringify(first.state());
          reading: for (let epoch = 0; epoch < 2; epoch++) {
            for await (const batch of first) {
              if (seen.length === stop) break reading;
              seen.push(bits(batch));
              saved = JSON.stringify(first.state());
            }
          }
          const second = load(after, options);
          second.restore(JSON.parse(saved) as DataLoaderState);
          while (second.epoch < 2 && seen.length < undisturbed.length)
            seen.push(...(await epochs(second, 1)));
          expect(seen).toEqual(undisturbed);
        }),
        { numRuns: 12 },
      );
    },
  );

  it("are asked for a bounded number of batches, and not for more than the loop needs", async () => {
    asked = 0;
    for await (const { x } of load(2, { batchSize: 1, prefetch: 3 })) {
      expect(x.shape[0]).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(asked).toBe(4);
      expect(running.size).toBe(2);
      break;
    }
    // Two for each worker, if nothing else was said.
    asked = 0;
    for await (const { x } of load(2, { batchSize: 1 })) {
      expect(x.shape[0]).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(asked).toBe(5);
      break;
    }
    asked = 0;
    expect(await epochs(load(4, { items: 2 }), 1)).toHaveLength(1);
    expect([asked, running.size]).toEqual([1, 1]);
  });

  it("end when a loop is left, before the next line runs", async () => {
    const loader = load(4, { batchSize: 1 });
    for await (const { names } of loader) {
      expect([names.length, running.size]).toEqual([1, 4]);
      break;
    }
    expect(running.size).toBe(0);

    const throwing = async () => {
      for await (const { names } of loader) throw new Error(`cannot use ${names.length}`);
    };
    await expect(throwing()).rejects.toThrow("cannot use 1");
    expect(running.size).toBe(0);

    const returning = async () => {
      for await (const { names } of loader) return names;
      return [];
    };
    expect(await returning()).toHaveLength(1);
    expect(running.size).toBe(0);

    const batches = loader.batches();
    await batches.next();
    expect(running.size).toBeGreaterThan(0);
    await batches.return?.();
    expect(running.size).toBe(0);
    // The loader itself is as good as new.
    expect(loader.epoch).toBe(2);
    expect(await epochs(loader, 1)).toHaveLength(20);
  });

  it("end when a training is aborted or left, and make the steps that it would make without them", async () => {
    const train = async (workers: number, signal: { aborted: boolean }) => {
      const model = new Sequential(new Flatten(), new Linear(36, 2, { generator: new Generator(1) }));
      const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
      const losses: number[] = [];
      const run = fit({
        model,
        loader: load(workers),
        optimizer,
        epochs: 2,
        signal,
        forward: (layer, { x }) => layer.forward(x),
        loss: (output) => output.square().mean(),
      });
      for await (const event of run) {
        if (event.event !== "step") continue;
        losses.push(event.loss);
        if (losses.length === 9) signal.aborted = true;
      }
      return losses;
    };
    const losses = await train(2, { aborted: false });
    expect(running.size).toBe(0);
    expect(losses).toHaveLength(9);
    expect(losses).toEqual(await train(0, { aborted: false }));
  });

  it("stay for the next epoch, and end soon when there is none", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const loader = load(2);
      const once = await epochs(loader, 1);
      const before = [...running];
      expect(before).toHaveLength(2);
      const rest: unknown[] = [];
      for await (const batch of loader.batches()) rest.push(bits(batch));
      expect([...running]).toEqual(before);
      expect(rest).toHaveLength(once.length);
      vi.advanceTimersByTime(6000);
    } finally {
      vi.useRealTimers();
    }
    await vi.waitUntil(() => running.size === 0);
  });

  it("have an engine with one thread, unless they choose another", async () => {
    const module = `
      import { serveDataset } from "./datasets.mjs";
      import { getEngine, referenceEngine, setEngine } from "./tensor.mjs";
      serveDataset((chooses) => {
        if (chooses) setEngine(referenceEngine);
        return { length: 20, batch: () => ({ name: getEngine().name, threads: getEngine().threads }) };
      });`;
    writeFileSync(join(folder, "threads.mjs"), module);
    for (const [chooses, expected] of [
      [false, { name: "wasm", threads: 1 }],
      [true, { name: "reference", threads: undefined }],
    ] as const) {
      const loader = load(1, { startWorker: starting("threads.mjs"), workerData: chooses });
      for await (const batch of loader) {
        expect(batch).toEqual(expected);
        break;
      }
    }
  });

  it("serve two loops at once", async () => {
    const loader = load(2);
    const [first, second] = [await epochs(load(0), 1), await epochs(load(0), 2)];
    const outer: unknown[] = [];
    for await (const batch of loader) {
      outer.push(bits(batch));
      if (outer.length === 2) expect(await epochs(loader, 1)).toEqual(second.slice(7));
      // Leaving an inner loop does not end what the outer one needs.
      if (outer.length === 3) for await (const inner of loader.batches()) if (bits(inner) !== null) break;
    }
    expect(outer).toEqual(first);
  });
});

describe("an error in a worker", () => {
  it.each([
    ["throw", "itemDataset: item 5: torn page", "TypeError", "torn page", "tearThePage"],
    ["reject", "itemDataset: item 5: too far", "RangeError", "too far", "RangeError: too far"],
  ] as const)(
    "%s arrives as it is without workers, with its stack",
    async (accident, message, name, inner, place) => {
      const [here, there] = await Promise.all(
        [0, 2].map((workers) => errorOf(epochs(load(workers, { accident }), 1))),
      );
      for (const error of [here, there]) {
        if (!(error instanceof StargradError)) throw error;
        expect([error.message, error.called]).toEqual([message, "itemDataset"]);
        const cause = error.cause as Error & { code?: string };
        expect([cause.name, cause.message, cause.code]).toEqual([
          name,
          inner,
          accident === "throw" ? "TORN" : undefined,
        ]);
        expect(cause).toBeInstanceOf(name === "TypeError" ? TypeError : RangeError);
        expect(cause.stack).toContain(place);
      }
      // The batch and its items.
      expect(there.stack).toMatch(
        /in a worker of DataLoader, the batch of the items [\d, ]*\b5\b[\d, ]* of epoch 0$/,
      );
      expect(running.size).toBe(0);
    },
  );

  it("comes in its turn, after the batches before it", async () => {
    const names: string[] = [];
    const loop = async () => {
      for await (const batch of load(4, { accident: "throw", shuffle: false, batchSize: 2 }))
        names.push(...batch.names);
    };
    await expect(loop()).rejects.toThrow("item 5");
    expect(names).toEqual([0, 1, 2, 3].map((i) => `drawing ${i}`));
  });

  it("that is no Error is named, too", async () => {
    const error = await errorOf(epochs(load(1, { accident: "text" }), 1));
    expect([error.message, error.cause]).toEqual(["itemDataset: item 5: just a text", "just a text"]);
  });

  it("says that a batch must not draw from the generator that all share", async () => {
    const error = await errorOf(epochs(load(2, { accident: "draw" }), 1));
    expect(error.message).toMatch(
      /^DataLoader: a batch drew from the default generator in a worker.*mapDataset/,
    );
  });
});

describe("a worker that ends", () => {
  it.each([
    ["exit", /^DataLoader: a worker has ended with exit code 3, at the batch of the items [\d, ]*\b5\b/],
    ["uncaught", /^DataLoader: a worker has ended with "Error: from a timer", at the batch of the items/],
    ["memory", /^DataLoader: a worker has ended with "Error .*memory limit/],
  ] as const)("%s is an error", async (accident, message) => {
    const limits = { resourceLimits: { maxOldGenerationSizeMb: 64 } };
    const loader = load(2, { accident, startWorker: starting("drawings.mjs", limits) });
    const error = await errorOf(epochs(loader, 1));
    expect(error).toBeInstanceOf(StargradError);
    expect(error.message).toMatch(message);
    expect(running.size).toBe(0);
  });

  it("does not hinder the next loop, which begins with new ones", async () => {
    let isBroken = true;
    const [broken, whole] = [starting("exits-at-once.mjs"), starting("drawings.mjs")];
    writeFileSync(join(folder, "exits-at-once.mjs"), "process.exit(4);");
    const loader = load(2, { startWorker: () => (isBroken ? broken() : whole()) });
    expect((await errorOf(epochs(loader, 1))).message).toContain("exit code 4");
    isBroken = false;
    expect(await epochs(loader, 1)).toHaveLength(7);
  });

  it.each<[string, string | null, RegExp]>([
    [
      "is missing",
      null,
      /^DataLoader: a worker has ended with "Error: Cannot find module .*missing.mjs'.* before its dataset was there\. Its module has to exist/,
    ],
    ["throws", 'throw new Error("no room");', /ended with "Error: no room" before its dataset was there/],
    [
      "imports what is missing",
      'import "./nowhere.mjs";',
      /ended with "Error: Cannot find module .*nowhere.mjs/,
    ],
    ["has an error", "const = 3;", /ended with "SyntaxError: /],
    [
      "serves nothing",
      "export {};",
      /ended with exit code 0 before its dataset was there\. Its module has to .* call serveDataset$/,
    ],
    ["exits", "process.exit(9);", /ended with exit code 9 before its dataset/],
    [
      "has other items",
      "serveDataset(arrays({ x: [1, 2, 3] }));",
      /the dataset of a worker has 3 items, and that of the loader has 20\. Let both make/,
    ],
    [
      "has no dataset",
      "serveDataset(() => [1, 2]);",
      /a worker could not make its dataset: serveDataset: got something that is no dataset/,
    ],
    [
      "fails to make it",
      'serveDataset(async () => { throw new TypeError("no folder"); });',
      /a worker could not make its dataset: no folder$/,
    ],
    [
      "has a dataset that fails later",
      'serveDataset(Promise.reject(new Error("no file")));',
      /could not make its dataset: no file$/,
    ],
    [
      "serves twice",
      "serveDataset(arrays({ x: [1] })); serveDataset(arrays({ x: [1] }));",
      /serveDataset: was called a second time. A worker has one dataset/,
    ],
    [
      "has another version",
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => 0); parentPort.postMessage("a message of its own"); parentPort.postMessage({ stargrad: "hello", version: "9.8.7" });',
      /^DataLoader: a worker has version 9\.8\.7 of Stargrad, and the loader version \d.*the same version$/,
    ],
    [
      "sends a function",
      "serveDataset({ length: 20, batch: () => ({ a: [1, () => 3] }) });",
      /^DataLoader: got .*function.* at a\.1, which cannot be sent from one thread to another\. Send tensors/,
    ],
    [
      "sends an object of a class",
      "serveDataset({ length: 20, batch: () => new (class Pet {})() });",
      /^DataLoader: got .*Pet.*, which cannot be sent/,
    ],
    [
      "sends memory that it has handed over",
      "serveDataset({ length: 20, batch: () => { const a = new Uint8Array(8); structuredClone(a, { transfer: [a.buffer] }); return { a }; } });",
      /^DataLoader: got a typed array whose memory was handed over at a, which cannot be sent/,
    ],
    [
      "sends a view that is no array",
      "serveDataset({ length: 20, batch: () => new DataView(new ArrayBuffer(4)) });",
      /^DataLoader: got a DataView, which cannot be sent/,
    ],
    [
      "sends a circle",
      "const a = []; a.push(a); serveDataset({ length: 20, batch: () => a });",
      /^DataLoader: got a value that contains itself/,
    ],
  ])("because its module %s is an error", async (title, code, message) => {
    const name = code === null ? "missing.mjs" : `${title.replaceAll(" ", "-")}.mjs`;
    const imports = 'import { arrays, serveDataset } from "./datasets.mjs";\n';
    if (code !== null)
      writeFileSync(join(folder, name), (code.includes("serveDataset") ? imports : "") + code);
    const error = await errorOf(epochs(load(2, { startWorker: starting(name) }), 1));
    expect(error.message).toMatch(message);
    expect(running.size).toBe(0);
  });

  it("is waited for, with a warning after a while, as long as it says nothing", async () => {
    writeFileSync(join(folder, "silent.mjs"), "setInterval(() => 0, 1000);");
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const first = errorOf(
        load(2, { startWorker: starting("silent.mjs") })
          .batches()
          .next(),
      );
      await new Promise((resolve) => setImmediate(resolve));
      expect(warn).not.toHaveBeenCalled();
      // Once, and not for each worker.
      expect(running.size).toBe(2);
      vi.advanceTimersByTime(5000);
      expect(warn.mock.calls).toEqual([[expect.stringContaining("has not called serveDataset yet")]]);
      await Promise.all([...running].map((worker) => worker.terminate()));
      expect((await first).message).toMatch(/^DataLoader: a worker has ended with exit code \d before/);
    } finally {
      vi.useRealTimers();
      warn.mockRestore();
    }
  });

  it("between two epochs is replaced", async () => {
    const loader = load(2);
    expect(await epochs(loader, 1)).toHaveLength(7);
    const [worker] = running;
    await worker.terminate();
    expect(await epochs(loader, 1)).toHaveLength(7);
  });
});

describe("wrong calls", () => {
  const data = arrays({ x: tensor([1, 2]) });

  it.each<[DataLoaderOptions, string]>([
    [{ workers: 2 }, "DataLoader: got 2 workers without startWorker. Pass { startWorker: () => new Worker("],
    [{ workers: 1.5 }, "DataLoader: got workers 1.5; expected a whole number of at least 0"],
    [{ startWorker: 3 as never }, "DataLoader: got startWorker 3; expected a function"],
  ])("%o", (options, message) => {
    expect(() => new DataLoader(data, options)).toThrow(message);
  });

  it("in a loop are errors", async () => {
    const loader = load(1);
    expect(() => [...loader]).toThrow(
      "DataLoader: a loop without await cannot wait for its workers. Write for await",
    );
    const wrong = new DataLoader(data, { workers: 1, startWorker: () => ({}) as never });
    await expect(wrong.batches().next()).rejects.toThrow(
      "DataLoader: got an object of startWorker; expected a Worker",
    );
    const failing = new DataLoader(data, {
      workers: 1,
      startWorker: () => {
        throw new Error("no thread");
      },
    });
    await expect(failing.batches().next()).rejects.toThrow("no thread");
    const given = new DataLoader(data, {
      workers: 1,
      startWorker: starting("drawings.mjs"),
      workerData: { change: (x: number) => x },
    });
    await expect(given.batches().next()).rejects.toThrow(
      /a worker could not be started: DataLoader: workerData: got .* at change, which cannot be sent/,
    );
  });

  it("serve no dataset outside of a worker", () => {
    const code = `
      import { serveDataset } from "./datasets.mjs";
      try { serveDataset(Promise.reject(new Error("nobody asks"))); } catch (error) { console.log(error.message); }`;
    expect(runProgram(code)).toEqual({
      status: 0,
      output: expect.stringContaining(
        "serveDataset: was called outside of a worker. Call it in a module of its own",
      ) as string,
      errors: "",
    });
  });
});

/** Runs a program of its own. */
function runProgram(code: string): { status: number | null; output: string; errors: string } {
  const file = join(folder, "program.mjs");
  writeFileSync(file, code);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, output: stdout.trim(), errors: stderr };
}

describe("a process", () => {
  const program = (rest: string) => `
    import { Worker } from "node:worker_threads";
    import { DataLoader } from "./datasets.mjs";
    let running = 0;
    const startWorker = () => {
      running++;
      return new Worker(new URL("./drawings.mjs", import.meta.url)).on("exit", () => running--);
    };
    const items = 20;
    const loader = new DataLoader({ length: items, batch: () => null }, { batchSize: 3, workers: 2, startWorker, workerData: { items } });
    const handles = () => process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap|FSReq)/.test(name));
    ${rest}`;

  it("ends by itself after a loop, though its workers rest", () => {
    const { status, output, errors } = runProgram(
      program(`let count = 0; for await (const batch of loader) count++; console.log(count, running);`),
    );
    expect({ status, output, errors }).toEqual({ status: 0, output: "7 2", errors: "" });
  });

  it("has no workers and no handles after a loop that was left", () => {
    const { status, output, errors } = runProgram(
      program(`for await (const batch of loader) break; console.log(running, handles());`),
    );
    expect({ status, output, errors }).toEqual({ status: 0, output: "0 []", errors: "" });
  });

  it("ends by itself when a loop is abandoned, or throws", () => {
    const abandoned = runProgram(
      program(
        `const batches = loader[Symbol.asyncIterator](); await batches.next(); console.log("abandoned");`,
      ),
    );
    expect(abandoned).toEqual({ status: 0, output: "abandoned", errors: "" });
    const throwing = runProgram(program(`for await (const batch of loader) throw new Error("on purpose");`));
    expect(throwing.status).toBe(1);
    expect(throwing.errors).toContain("Error: on purpose");
  });
});
