import { backward } from "@stargrad/autograd";
import { conformanceCases, disagreement, referenceEngine, runProgram, type Engine } from "@stargrad/graph";
import { crossEntropy, Linear, ReLU, Sequential } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { Generator, getEngine, normal, randint, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { lives, mostHeld } from "../dropped-models.js";

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

export const tasks = { conformance, training, dropping };
