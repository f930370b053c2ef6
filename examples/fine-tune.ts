// Transfer learning: a network that was trained with PyTorch gets a new head, for another task with few examples.
//
//     node --conditions=source --import tsx examples/fine-tune.ts

import { accuracy, Adam, circles, crossEntropy, DataLoader, evaluate, fit, Linear } from "stargrad";
import { manualSeed, Module, readPyTorch, Sequential, Tanh, type Tensor } from "stargrad";

class Network extends Module {
  readonly body = new Sequential(new Linear(2, 32), new Tanh(), new Linear(32, 32), new Tanh());
  head: Linear = new Linear(32, 16);

  forward(x: Tensor): Tensor {
    return this.head.forward(this.body.forward(x));
  }
}

// data/make.py has trained the network to say in which of 16 squares of the plane a point lies.
manualSeed(1);
const model = new Network();
const { tensors } = await readPyTorch("examples/data/squares.pt");
model.loadStateDict(tensors);

// The new task: does a point lie on the outer or on the inner one of two circles? Only the new head learns.
model.body.freeze();
model.head = new Linear(32, 2);
const optimizer = new Adam(model.parameters(), { learningRate: 0.03 });
const points = (samples: number, seed: number) =>
  new DataLoader(circles({ samples, seed, noise: 0.1, factor: 0.5 }), { batchSize: 20, shuffle: true });
const [training, test] = [points(100, 1), points(1000, 2)];
const body = () => JSON.stringify([...model.body.stateDict()]);
const before = body();

console.log(await evaluate(model, test, { accuracy })); // -> { accuracy: 0.619 }
await fit({ model, optimizer, loader: training, loss: crossEntropy, epochs: 40 });
console.log(await evaluate(model, test, { accuracy })); // -> { accuracy: 0.978 }
console.log(`The body has changed: ${body() !== before}`); // -> The body has changed: false
