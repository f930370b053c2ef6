import { Buffer, vjp } from "@stargrad/autograd";
import type { Engine } from "@stargrad/graph";
import { jit } from "@stargrad/jit";
import { Conv2d, LayerNorm, type Sequential } from "@stargrad/nn";
import { fromData, Generator, setEngine, zeros, type Tensor } from "@stargrad/tensor";
import { inProcess, type Contestant, type Prepared } from "./contestant.js";
import { modelOf } from "./model.js";
import { plainStep, recordedStep, trainingOf } from "./training.js";
import type { Input, Inputs, Layer, TrainingStep, Workload } from "./workload.js";

/** Stargrad on one of its engines. With `replayed`, it computes only training steps and forward passes, all of them recorded. */
export function stargradOn(engine: Engine, name: string, { replayed = false, threads = 1 } = {}): Contestant {
  const party = replayed ? "stargrad, replayed" : "stargrad";
  return {
    name: `stargrad, ${name}${replayed ? ", replayed" : ""}`,
    party,
    threads,
    takes: ({ task }) => !replayed || task.kind === "trainingStep" || task.kind === "forward",
    prepare(workload) {
      setEngine(engine);
      const prepared = prepare(workload, replayed);
      const run = (calls: number): Promise<number> => {
        setEngine(engine);
        return prepared.run(calls);
      };
      return Promise.resolve({ ...prepared, run });
    },
  };
}

function prepare({ task, inputs }: Workload, replayed: boolean): Prepared {
  const numbers = inputs();
  if (task.kind === "trainingStep") return trainingStep(task, numbers, replayed);
  if (task.kind === "forward") return forward(task.layers, numbers, replayed);
  const { a, b, x, weight, upstream } = residentTensorsOf(numbers);
  switch (task.kind) {
    case "matmul":
      return computed(() =>
        (task.transposeA ? a.transpose() : a).matmul(task.transposeB ? b.transpose() : b),
      );
    case "convolution": {
      const layer = convolutionOf(weight, task.padding);
      return computed(() => layer.forward(x));
    }
    case "convolutionInputGradient": {
      const layer = convolutionOf(weight, task.padding);
      return computed(() => vjp((input: Tensor) => layer.forward(input), x).pullBack(upstream)[0]);
    }
    case "convolutionFilterGradient": {
      const layer = convolutionOf(weight, task.padding);
      const forward = (filter: Tensor): Tensor => Object.assign(layer, { weight: filter }).forward(x);
      return computed(() => vjp(forward, weight).pullBack(upstream)[0]);
    }
    case "softmax":
      return computed(() => x.softmax());
    case "layerNorm": {
      const layer = new LayerNorm(x.shape[1], { elementwiseAffine: false });
      return computed(() => layer.forward(x));
    }
    case "sum":
      return computed(() => x.sum({ axis: -1 }));
    case "reluChain":
      return computed(() => x.mul(2).add(1).relu().mul(x));
    case "tanhChain":
      return computed(() => x.mul(2).add(1).tanh().mul(x));
  }
}

/** Computes from and to the engine's memory, as inside a larger program. The time to read the result is not counted. */
function computed(compute: () => Tensor): Prepared {
  let output: Buffer | null = null;
  return inProcess({
    compute() {
      const y = compute();
      output ??= new Buffer(zeros(y.shape), { keepsPrevious: false });
      output.assign(y);
      return output;
    },
    read: (y) => y.data(),
  });
}

/** The forward pass alone, in eval mode and without gradients. A recorded function returns its results in ordinary memory. */
function forward(layers: readonly Layer[], { x, ...parameters }: Inputs, replayed: boolean): Prepared {
  const [model, input] = [modelWith(layers, parameters), tensorOf(x)];
  model.eval();
  if (!replayed) return computed(() => model.forward(input).detach());
  const run = jit((x: Tensor) => model.forward(x));
  return inProcess({ compute: () => run(input), read: (y) => y.data() });
}

/** A training step, plain or recorded. */
function trainingStep(
  { layers, loss }: TrainingStep,
  { x, y, ...parameters }: Inputs,
  replayed: boolean,
): Prepared {
  const training = trainingOf({
    model: modelWith(layers, parameters),
    loss,
    x: tensorOf(x),
    y: loss === "crossEntropy" ? tensorOf(y) : undefined,
  });
  return inProcess({
    compute: replayed ? recordedStep(training) : plainStep(training),
    read: (loss) => [loss],
  });
}

function modelWith(layers: readonly Layer[], parameters: Inputs): Sequential {
  const model = modelOf(layers, new Generator(1));
  model.loadStateDict(new Map(Object.entries(tensorsOf(parameters))));
  return model;
}

function convolutionOf(weight: Tensor, padding: number): Conv2d {
  const [outputs, inputs, size] = weight.shape;
  const layer = new Conv2d(inputs, outputs, size, { padding, bias: false });
  layer.weight.assign(weight);
  return layer;
}

/** Tensors whose elements are in the engine's memory. */
function residentTensorsOf(inputs: Inputs): Record<string, Tensor> {
  const buffers = Object.entries(inputs).map(([name, input]) => {
    const buffer = new Buffer(tensorOf(input), { keepsPrevious: false });
    // The value of a variable is stored in the engine's memory.
    buffer.assign(buffer.mul(1));
    return [name, buffer] as const;
  });
  return Object.fromEntries(buffers);
}

function tensorsOf(inputs: Inputs): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, tensorOf(input)]));
}

function tensorOf({ shape, data }: Input): Tensor {
  return fromData(data, shape);
}
