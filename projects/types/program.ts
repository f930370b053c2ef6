import * as autograd from "@stargrad/autograd";
import * as codegen from "@stargrad/codegen";
import * as compiler from "@stargrad/compiler";
import * as datasets from "@stargrad/datasets";
import * as explain from "@stargrad/explain";
import * as graph from "@stargrad/graph";
import * as io from "@stargrad/io";
import * as jit from "@stargrad/jit";
import * as nn from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import * as tensors from "@stargrad/tensor";
import * as training from "@stargrad/train";
import * as wasm from "@stargrad/wasm";
import {
  Adam,
  arange,
  backward,
  concat,
  crossEntropy,
  customFunction,
  DataLoader,
  Embedding,
  encodeSafetensors,
  fit,
  Flatten,
  fromData,
  jit as record,
  LayerNorm,
  Linear,
  matmul,
  Module,
  mseLoss,
  normal,
  Parameter,
  ReLU,
  Residual,
  scan,
  Sequential,
  spirals,
  tensor,
  trainStep,
  WasmEngine,
  zeros,
  type DeclaredRule,
  type InputShape,
  type Shape,
  type ShapeRule,
  type Tensor,
} from "stargrad";

// What users write, compiled with the settings of many projects. The exact shapes are checked by the annotations.

export const packages = {
  autograd,
  codegen,
  compiler,
  datasets,
  explain,
  graph,
  io,
  jit,
  nn,
  optim,
  tensors,
  training,
  wasm,
};

// Operands, axes, and shapes that are known.
const x = zeros([2, 3]);
export const sums: readonly Tensor<[2, 3]>[] = [x.add(1), x.add(x), x.add(zeros([3])), x.mul(true), x.neg()];
export const unknown: Tensor = tensor([1, 2])
  .add(1)
  .div(tensor([[1], [2]]));
export const product: Tensor<[2, 4]> = x.matmul(zeros([3, 4]));
export const sameProduct: Tensor<[2, 4]> = matmul(x, zeros([3, 4]));
export const row: Tensor<[3]> = x.sum({ axis: 0 });
export const column: Tensor<[2, 1]> = x.mean({ axis: -1, keepDims: true });
export const scalar: Tensor<[]> = x.max();
export const turned: Tensor<[3, 2]> = x.transpose();
export const permuted: Tensor<[3, 2]> = x.permute([1, 0]);
export const reshaped: Tensor<[6]> = x.reshape([6]);
export const flat: Tensor<[6]> = x.flatten();
export const lifted: Tensor<[2, 1, 3]> = x.unsqueeze(1);
export const joined: Tensor = concat([x, x], { axis: 1 });
export const extremes: { readonly values: Tensor<[2]>; readonly indices: Tensor<[2]> } = x.max({ axis: 1 });
export const probabilities = x.softmax({ axis: 1 });
export const numbers: Promise<number> = x.sum().item();

// Shapes that cannot fit.
// @ts-expect-error [2, 3] and [4] do not broadcast: 3 and 4 differ at axis -1
x.add(zeros([4]));
// @ts-expect-error [2, 3] × [4, 5]: inner axes 3 ≠ 4
x.matmul(zeros([4, 5]));
// @ts-expect-error [2, 3] has no axis 2
x.sum({ axis: 2 });
// @ts-expect-error [2, 3] has 6 elements, [7] has 7
x.reshape([7]);
// @ts-expect-error [2, 3] has 2 axes, got 3 to permute them by
x.permute([0, 1, 2]);
// @ts-expect-error Linear(5, 6) expects the last axis to be 5, got 3
new Sequential(new Linear(2, 3), new ReLU(), new Linear(5, 6));

// Generic code.
export function doubled<S extends Shape>(given: Tensor<S>): Tensor {
  return given.add(given);
}

// Layers, and one of the user's own.
interface RepeatedShapes extends ShapeRule {
  readonly times: number;
  readonly output: [...InputShape<this>, this["times"]];
  readonly problem: false;
}

class Repeated<Times extends number> extends Module {
  declare readonly shapeRule?: DeclaredRule<RepeatedShapes, { readonly times: Times }>;
  readonly scale = new Parameter(zeros([1]));
  readonly times: Times;

  constructor(times: Times) {
    super();
    this.times = times;
  }

  forward(given: Tensor): Tensor {
    return given
      .mul(this.scale)
      .unsqueeze(-1)
      .expand([...given.shape, this.times]);
  }
}

const model = new Sequential(
  new Linear(2, 8),
  new LayerNorm(8),
  new Residual(new Linear(8, 8)),
  new Linear(8, 2),
);
export const output: Tensor<[5, 2]> = model.forward(zeros([5, 2]));
export const repeated: Tensor<[2, 8, 7]> = new Sequential(new Linear(3, 8), new Repeated(7)).forward(x);
export const looked: Tensor<[3, 4]> = new Embedding(10, 4).forward(arange(3).reshape([3]));
export const flattened: Tensor<[2, 12]> = new Flatten().forward(zeros([2, 3, 4]));

// Training, step by step and by `fit`.
export async function train(): Promise<number> {
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const loader = new DataLoader(spirals({ samples: 20, seed: 1 }), { batchSize: 5, shuffle: true, seed: 1 });
  for await (const { x: points, y: labels } of loader) {
    const loss = crossEntropy(model.forward(points), labels);
    backward(loss);
    optimizer.step();
    optimizer.zeroGrad();
  }
  for await (const event of fit({ model, optimizer, loader, loss: crossEntropy, epochs: 1 })) {
    if (event.event === "epoch" && event.loss < 0.1) break;
  }
  const step = trainStep({
    model,
    optimizer,
    loss: ({ x: points, y }) => ({
      loss: mseLoss(model.forward(points), y),
    }),
  });
  await step({ x: zeros([4, 2]), y: normal([4, 2]) }).loss.item();
  await encodeSafetensors(model.stateDict());
  return new WasmEngine({ threads: 1 }).memory().used;
}

// Functions of functions.
export const summed = scan((carry, slice) => ({ carry: carry.add(slice), y: carry }), zeros([3]), x);
export const counted = scan((carry) => ({ carry: carry.add(1) }), zeros([]), null, { length: 3 });
export const recorded = record((given: Tensor) => given.mul(2));
export const own = customFunction(
  (given: Tensor) => given.abs(),
  (gradient, [given]) => [gradient.mul(given.sign())],
);
export const data = fromData(Float32Array.of(1, 2), [2]);
