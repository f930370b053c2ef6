import { Adam, DataLoader, fit, Generator, getEngine, Linear, mseLoss } from "stargrad";

import { items } from "./items.js";

// What the projects with a page train besides: a model whose batches are made by workers of a DataLoader.

const length = 96;

export async function trainFromLoader() {
  const started = performance.now();
  const warnings = [];
  const { warn, error } = console;
  console.warn = console.error = (...message) => warnings.push(message.map(String).join(" "));
  try {
    const [losses, expected] = [await lossesWith(2), await lossesWith(0)];
    if (String(losses) !== String(expected)) warnings.push(`${losses} with workers, ${expected} without`);
    const seconds = (performance.now() - started) / 1000;
    return { engine: getEngine().name, threads: 1, first: losses[0], last: losses.at(-1), warnings, seconds };
  } finally {
    Object.assign(console, { warn, error });
  }
}

async function lossesWith(workers) {
  const loader = new DataLoader(items(length), {
    batchSize: 16,
    shuffle: true,
    workers,
    startWorker: () => new Worker(new URL("./items.worker.js", import.meta.url), { type: "module" }),
    workerData: length,
  });
  const model = new Linear(8, 1, { generator: new Generator(1) });
  const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
  const history = await fit({ model, optimizer, loader, loss: mseLoss, epochs: 10 });
  return history.map(({ loss }) => loss);
}
