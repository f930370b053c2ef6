import { Worker } from "node:worker_threads";

import { arrays, DataLoader, mapDataset, randomAffine, randomCrop } from "@stargrad/datasets";
import { Conv2d, crossEntropy, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { Generator, randint, setEngine, uniform } from "@stargrad/tensor";
import { fit } from "@stargrad/train";
import { WasmEngine } from "@stargrad/wasm";

// Trains the CNN of digits with augmented batches that workers make, and prints what is in memory on the way and what is left at the end.

const [steps, workers] = process.argv.slice(2).map(Number);
const batchSize = 4;
const stepsPerEpoch = 500;

export function digits() {
  const generator = new Generator(1);
  const items = batchSize * stepsPerEpoch;
  const x = uniform([items, 1, 28, 28], { generator });
  const y = randint([items], { high: 10, generator });
  return mapDataset(arrays({ x, y }), ({ x, y }, { generators }) => ({
    x: randomAffine(randomCrop(x, { padding: 2, generators }), { degrees: 10, generators }),
    y,
  }));
}

/** Prints as JSON: the resident memory in MiB after each tenth of the steps, the workers that are left, and other handles. */
export async function train(): Promise<void> {
  setEngine(new WasmEngine({ threads: 1 }));
  let running = 0;
  const loader = new DataLoader(digits(), {
    batchSize,
    shuffle: true,
    seed: 1,
    workers,
    startWorker: () => {
      running++;
      const worker = new Worker(new URL("./long-training.worker.mjs", import.meta.url));
      return worker.on("exit", () => running--);
    },
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
  const resident: number[] = [];
  let taken = 0;
  for await (const event of fit({
    model,
    optimizer,
    loader,
    loss: crossEntropy,
    epochs: steps / stepsPerEpoch,
  })) {
    if (event.event !== "step" || ++taken % (steps / 10) !== 0) continue;
    resident.push(process.memoryUsage().rss / 2 ** 20);
  }
  const started = running;
  // After the last epoch the workers wait for another one, and end.
  for (let waited = 0; running > 0 && waited < 60_000; waited += 100) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const handles = process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap)$/.test(name));
  console.log(JSON.stringify({ taken, started, resident, running, handles }));
}
