import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

import { DataLoader } from "@stargrad/datasets";
import { Conv2d, crossEntropy, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { Generator, type Tensor } from "@stargrad/tensor";
import { trainStep } from "@stargrad/train";

import { withProgram } from "../child-program.js";
import { augmentedDigits } from "./digits.js";

/** How a training on augmented digits spends its time. */
export interface Starvation {
  readonly workers: number;
  /** Milliseconds of a step, with the wait for its batch. */
  readonly step: number;
  /** The part of them that the step waits for its batch. */
  readonly waiting: number;
}

/**
 * Trains the CNN of digits with batches of 64 augmented images, and measures how long each step waits for its batch. The first epoch is
 * not counted, in which the step is recorded and the workers start.
 */
export async function starvation(workerCounts: readonly number[], steps: number): Promise<Starvation[]> {
  const worker = join(import.meta.dirname, "digits.worker.ts");
  return withProgram(worker, async (file) => {
    const results: Starvation[] = [];
    for (const workers of workerCounts) results.push(await measure(workers, steps, file));
    return results;
  });
}

/** One line for each number of workers. */
export function starvationTable(results: readonly Starvation[]): string {
  return results
    .map(({ workers, step, waiting }) => {
      const percent = (100 * waiting).toFixed(0).padStart(3);
      return `  ${workers} workers  ${step.toFixed(1).padStart(7)} ms per step, of which it waits ${percent} % for its batch`;
    })
    .join("\n");
}

async function measure(workers: number, steps: number, file: string): Promise<Starvation> {
  const items = 64 * steps;
  const loader = new DataLoader(augmentedDigits(items), {
    batchSize: 64,
    shuffle: true,
    seed: 1,
    workers,
    startWorker: () => new Worker(pathToFileURL(file), { execArgv: [] }),
    workerData: items,
  });
  const generator = new Generator(1);
  const model = new Sequential(
    new Conv2d(1, 8, 5, { padding: "same", generator }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(8, 16, 5, { padding: "same", generator }),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Dropout(0.4, { generator }),
    new Linear(16 * 7 * 7, 10, { generator }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const train = trainStep<{ x: Tensor; y: Tensor }, { loss: Tensor }>({
    model,
    optimizer,
    loss: ({ x, y }) => ({ loss: crossEntropy(model.forward(x), y) }),
  });
  let [waited, started] = [0, 0];
  for (let epoch = 0; epoch < 2; epoch++) {
    waited = 0;
    started = performance.now();
    let last = started;
    for await (const { x, y } of loader) {
      waited += performance.now() - last;
      await train({ x, y }).loss.item();
      last = performance.now();
    }
  }
  const total = performance.now() - started;
  return { workers, step: total / steps, waiting: waited / total };
}
