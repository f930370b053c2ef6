import { backward, Parameter } from "@stargrad/autograd";
import type { Engine } from "@stargrad/graph";
import { Conv2d, crossEntropy, LayerNorm } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { fromData, Generator, realize, setEngine, type Tensor } from "@stargrad/tensor";
import { inProcess, type Contestant, type Prepared } from "./contestant.js";
import { modelOf } from "./model.js";
import type { Input, Inputs, Layer, Workload } from "./workload.js";

/** Stargrad on one of its engines. */
export function stargradOn(engine: Engine): Contestant {
  return {
    name: `stargrad (${engine.name})`,
    prepare(workload) {
      setEngine(engine);
      const prepared = prepare(workload);
      const run = (calls: number): Promise<number> => {
        setEngine(engine);
        return prepared.run(calls);
      };
      return Promise.resolve({ ...prepared, run });
    },
  };
}

function prepare({ task, inputs }: Workload): Prepared {
  const numbers = inputs();
  if (task.kind === "trainingStep") return trainingStep(task.layers, numbers);
  const { a, b, x, weight, upstream } = tensorsOf(numbers);
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
      const input = new Parameter(x);
      return computed(() => gradientOf(input, layer.forward(input), upstream));
    }
    case "convolutionFilterGradient": {
      const layer = convolutionOf(weight, task.padding);
      return computed(() => gradientOf(layer.weight, layer.forward(x), upstream));
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

/** Reading is off the clock: `realize` computes all there is to compute. */
function computed(compute: () => Tensor): Prepared {
  return inProcess({
    compute() {
      const y = compute();
      realize(y);
      return y;
    },
    read: (y) => y.data(),
  });
}

function trainingStep(layers: readonly Layer[], { x, y, ...parameters }: Inputs): Prepared {
  const model = modelOf(layers, new Generator(1));
  model.loadStateDict(new Map(Object.entries(tensorsOf(parameters))));
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const [input, target] = [tensorOf(x), tensorOf(y)];
  return inProcess({
    compute() {
      const logits = model.forward(input);
      const loss = crossEntropy(logits.reshape([target.size, -1]), target);
      backward(loss);
      optimizer.step();
      optimizer.zeroGrad();
      return loss.item();
    },
    read: (loss) => [loss],
  });
}

function convolutionOf(weight: Tensor, padding: number): Conv2d {
  const [outputs, inputs, size] = weight.shape;
  const layer = new Conv2d(inputs, outputs, size, { padding, bias: false });
  layer.weight.assign(weight);
  return layer;
}

function gradientOf(parameter: Parameter, y: Tensor, upstream: Tensor): Tensor {
  backward(y, upstream);
  const gradient = parameter.grad;
  parameter.grad = null;
  if (gradient === null) throw new Error("backward left no gradient");
  return gradient;
}

function tensorsOf(inputs: Inputs): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, tensorOf(input)]));
}

function tensorOf({ shape, data }: Input): Tensor {
  return fromData(data, shape);
}
