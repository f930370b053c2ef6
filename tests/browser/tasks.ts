import { backward } from "@stargrad/autograd";
import { conformanceCases, disagreement, referenceEngine, runProgram, type Engine } from "@stargrad/graph";
import { crossEntropy, Linear, ReLU, Sequential } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { Generator, getEngine, normal, randint, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { lives, mostHeld } from "../dropped-models.js";

// What the tests have a browser do, on a page or in a worker.

export interface ConformanceReport {
  /** How many threads there were. */
  readonly threads: number;
  readonly cases: number;
  /** Of the first few cases: which, and how the engine was wrong. */
  readonly failures: readonly string[];
}

export interface TrainingReport {
  /** The name of the engine. */
  readonly engine: string;
  readonly losses: readonly number[];
  /** What the console was told. */
  readonly notices: readonly string[];
  /** Whether other threads were given work, by a loop that awaits nothing but its losses. */
  readonly shared: boolean;
}

/** Every case on the WebAssembly engine: on one thread against the reference engine, and on three, to the bit. */
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

/** A plain loop on the engine that is there by default, or on one that finds even the smallest work worth two threads. */
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
  /** The most that the engine has held after any model, in bytes. */
  readonly most: number;
}

/** Models that are made, trained and dropped, in a loop that awaits nothing but their losses. */
async function dropping({ models }: { models: number }): Promise<DroppingReport> {
  const engine = new WasmEngine({ threads: 1 });
  setEngine(engine);
  return { most: await mostHeld(engine, models, lives.awaitsLosses) };
}

export const tasks = { conformance, training, dropping };
