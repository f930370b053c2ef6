import { backward } from "@stargrad/autograd";
import { crossEntropy, Linear, ReLU, Sequential } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { fromData } from "@stargrad/tensor";

// A separate program: the first step of the digits MLP, from the import of the packages to the loss. Prints the end of each part as
// JSON, in milliseconds since the import began. `cold-start.ts` bundles and runs it.

declare const importBegan: number;

const done: Record<string, number> = {};
const finish = (part: string): void => {
  done[part] = performance.now() - importBegan;
};

finish("packages imported");
const x = fromData(Float32Array.from({ length: 128 * 784 }, Math.sin), [128, 784]);
const y = fromData(
  Int32Array.from({ length: 128 }, (_, i) => i % 10),
  [128],
);
const model = new Sequential(
  new Linear(784, 256),
  new ReLU(),
  new Linear(256, 128),
  new ReLU(),
  new Linear(128, 10),
);
const optimizer = new Adam(model.parameters());
finish("first weights drawn");

const loss = crossEntropy(model.forward(x), y);
backward(loss);
finish("graph built");
optimizer.step();
await loss.item();
finish("step compiled and run");
console.log(JSON.stringify(done));
