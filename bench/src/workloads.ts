import { backward } from "@stargrad/autograd";
import { crossEntropy, Linear, ReLU, Sequential, type Module } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { Generator, normal, randint, type Shape, type Tensor } from "@stargrad/tensor";

/** One thing that is timed, with the arithmetic it takes, so that speed can be stated as a rate. */
export interface Workload {
  readonly name: string;
  /** Floating-point operations in one run; 0 where counting them says nothing. */
  readonly operations: number;
  /** Prepares the inputs and returns what is timed. */
  prepare(): () => Promise<void>;
}

export const workloads: readonly Workload[] = [
  matmulOf(256, 256, 256),
  matmulOf(511, 511, 511),
  elementwise("elementwise chain", [1000, 1000], (x) => x.mul(2).add(1).tanh().mul(x)),
  elementwise("softmax", [512, 1000], (x) => x.softmax()),
  elementwise("sum", [1000, 1000], (x) => x.sum({ axis: 1 })),
  trainingStep("tiny MLP step", 32, [2, 16, 16, 2]),
  trainingStep("digits MLP step", 128, [784, 256, 128, 10]),
];

function matmulOf(m: number, k: number, n: number): Workload {
  return {
    name: `matmul ${m}×${k}×${n}`,
    operations: 2 * m * k * n,
    prepare() {
      const generator = new Generator(1);
      const [a, b] = [fixed([m, k], generator), fixed([k, n], generator)];
      return () => read(a.matmul(b));
    },
  };
}

function elementwise(name: string, shape: Shape, compute: (x: Tensor) => Tensor): Workload {
  return {
    name: `${name} ${shape.join("×")}`,
    operations: 0,
    prepare() {
      const x = fixed(shape, new Generator(1));
      return () => read(compute(x));
    },
  };
}

/** Forward, backward and Adam on a multi-layer perceptron, with the loss read back. */
function trainingStep(name: string, batch: number, widths: readonly number[]): Workload {
  const products = widths.slice(1).reduce((total, width, i) => total + widths[i] * width, 0);
  return {
    name: `${name} ${widths.join("-")}, batch ${batch}`,
    operations: 6 * batch * products,
    prepare() {
      const generator = new Generator(1);
      const x = fixed([batch, widths[0]], generator);
      const y = randint([batch], { high: widths[widths.length - 1], generator });
      const model = perceptron(widths, generator);
      const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
      return async () => {
        const loss = crossEntropy(model.forward(x), y);
        backward(loss);
        optimizer.step();
        optimizer.zeroGrad();
        await loss.item();
      };
    },
  };
}

function perceptron(
  widths: readonly number[],
  generator: Generator,
): Module & { forward(x: Tensor): Tensor } {
  const layers = widths.slice(1).flatMap((width, i) => {
    const linear = new Linear(widths[i], width, { generator });
    return i < widths.length - 2 ? [linear, new ReLU()] : [linear];
  });
  return new Sequential(...layers);
}

function fixed(shape: Shape, generator: Generator): Tensor {
  const x = normal([...shape], { generator });
  x.dataSync();
  return x;
}

async function read(x: Tensor): Promise<void> {
  await x.data();
}
