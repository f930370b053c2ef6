import { backward } from "@stargrad/autograd";
import { arrays, DataLoader } from "@stargrad/datasets";
import { Linear, mseLoss } from "@stargrad/nn";
import { AdamW } from "@stargrad/optim";
import { ones } from "@stargrad/tensor";
import { type WasmEngine } from "@stargrad/wasm";
import { evaluate, fit, trainStep } from "@stargrad/train";

// Makes models, trains them for two steps and drops them, in every kind of loop.

const features = 512;
const x = ones([4, features]);

/** A model of 1 MiB and its optimizer, which keeps two states of the same size. */
export function makeModel(): { model: Linear; optimizer: AdamW } {
  const model = new Linear(features, features);
  return { model, optimizer: new AdamW(model.parameters()) };
}

function takeStep({ model, optimizer }: ReturnType<typeof makeModel>) {
  const loss = mseLoss(model.forward(x), x);
  backward(loss);
  optimizer.step();
  optimizer.zeroGrad();
  return loss;
}

/** Trains one model in a kind of loop. Afterwards nothing refers to the model. */
export const lives = {
  awaitsLosses: async () => {
    const made = makeModel();
    for (let step = 0; step < 2; step++) await takeStep(made).item();
  },
  isRecorded: async () => {
    const { model, optimizer } = makeModel();
    const step = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: mseLoss(model.forward(x), x) }) });
    for (let i = 0; i < 2; i++) await step({ x }).loss.item();
  },
  isFitted: async () => {
    const { model, optimizer } = makeModel();
    const loader = new DataLoader(arrays({ x, y: x }), { batchSize: 2 });
    const events = fit({ model, optimizer, loader, loss: mseLoss, epochs: 1 });
    while ((await events.next()).done !== true) continue;
    await evaluate(model, loader, { mse: mseLoss });
  },
  isDisposedOf: () => {
    using made = disposable(makeModel());
    for (let step = 0; step < 2; step++) takeStep(made).itemSync();
  },
} as const;

/** Disposes of a model and its optimizer together. */
function disposable<T extends ReturnType<typeof makeModel>>(made: T): T & Disposable {
  return Object.assign(made, {
    [Symbol.dispose]() {
      made.optimizer.dispose();
      made.model.dispose();
    },
  });
}

/** Makes, trains and drops models one after another, and returns the maximum memory that the engine held after any of them. */
export async function mostHeld(
  engine: WasmEngine,
  models: number,
  live: () => void | Promise<void>,
): Promise<number> {
  let most = 0;
  for (let i = 0; i < models; i++) {
    // Not awaited if it is synchronous, because even `await undefined` is a pause that a user's loop need not have.
    const living = live();
    if (living !== undefined) await living;
    most = Math.max(most, engine.memory().used);
  }
  return most;
}
