import { Generator, type Shape } from "@stargrad/tensor";
import { classInput, inputOf, normalInput } from "../inputs.js";
import { modelOf } from "../model.js";
import type { Input, Inputs, Layer, Workload } from "../workload.js";

export const trainingSteps: readonly Workload[] = [
  perceptron("tiny MLP step", [2, 16, 16, 2], 32),
  perceptron("digits MLP step", [784, 256, 128, 10], 128),
  perceptron("wide MLP step", [1024, 1024, 1024, 1024], 256),
  convolutionalNetwork(64),
  gpt({ blocks: 4, features: 128, heads: 4, places: 64, characters: 65, batch: 16 }),
  ...lstm({ inputs: 32, outputs: 128, times: 50, batch: 32 }),
];

function perceptron(name: string, widths: readonly number[], batch: number): Workload {
  const layers = widths.slice(1).flatMap((outputs, i): Layer[] => {
    const linear: Layer = { layer: "linear", inputs: widths[i], outputs };
    return i < widths.length - 2 ? [linear, { layer: "relu" }] : [linear];
  });
  const products = widths.slice(1).map((outputs, i) => 2 * batch * widths[i] * outputs);
  return trainingStep({
    name: `${name} ${widths.join("-")}, batch ${batch}`,
    layers,
    operations: 3 * sum(products) - products[0],
    input: (generator) => normalInput([batch, widths[0]], generator),
    target: [batch],
    classes: widths[widths.length - 1],
  });
}

function convolutionalNetwork(batch: number): Workload {
  const layers: Layer[] = [
    { layer: "convolution", inputs: 1, outputs: 16, size: 5 },
    { layer: "relu" },
    { layer: "maxPool", size: 2 },
    { layer: "convolution", inputs: 16, outputs: 32, size: 5 },
    { layer: "relu" },
    { layer: "maxPool", size: 2 },
    { layer: "flatten" },
    { layer: "linear", inputs: 32 * 7 * 7, outputs: 10 },
  ];
  const first = 2 * batch * 28 * 28 * 25 * 16;
  const others = 2 * batch * (14 * 14 * 16 * 25 * 32 + 32 * 7 * 7 * 10);
  return trainingStep({
    name: `CNN step 1×28×28, 5×5 16, 5×5 32, batch ${batch}`,
    layers,
    operations: 2 * first + 3 * others,
    input: (generator) => normalInput([batch, 1, 28, 28], generator),
    target: [batch],
    classes: 10,
  });
}

interface GptOptions {
  readonly blocks: number;
  readonly features: number;
  readonly heads: number;
  readonly places: number;
  readonly characters: number;
  readonly batch: number;
}

/** A language model of characters. The target is flat: one character for each position of each text. */
function gpt({ blocks, features, heads, places, characters, batch }: GptOptions): Workload {
  const layers: Layer[] = [
    { layer: "embedding", rows: characters, features },
    { layer: "positions", places, features },
    ...Array.from({ length: blocks }, (): Layer => ({ layer: "causalTransformer", features, heads })),
    { layer: "layerNorm", features },
    { layer: "linear", inputs: features, outputs: characters },
  ];
  // Per position: four projections, a feed-forward network of four times the width, scores, and their sums over values.
  const perPlace = blocks * (2 * 12 * features ** 2 + 2 * 2 * places * features) + 2 * features * characters;
  return trainingStep({
    name: `char GPT step ${blocks} layers, d ${features}, ${heads} heads, T ${places}, batch ${batch}`,
    layers,
    operations: 3 * batch * places * perPlace,
    input: (generator) => classInput([batch, places], characters, generator),
    target: [batch * places],
    classes: characters,
  });
}

interface LstmOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly times: number;
  readonly batch: number;
}

/** A step with the mean square of all outputs as its loss, and the forward pass alone. */
function lstm({ inputs, outputs, times, batch }: LstmOptions): Workload[] {
  const layers: Layer[] = [{ layer: "lstm", inputs, outputs }];
  const [fromInputs, fromOutputs] = [inputs, outputs].map((width) => 2 * times * batch * width * 4 * outputs);
  const size = `${inputs}-${outputs}, T ${times}, batch ${batch}`;
  const input = (generator: Generator): Input => normalInput([times, batch, inputs], generator);
  return [
    {
      name: `LSTM step ${size}`,
      task: { kind: "trainingStep", layers, loss: "meanSquare" },
      limit: { operations: 2 * fromInputs + 3 * fromOutputs },
      inputs: () => inputsOf(layers, input),
    },
    {
      name: `LSTM forward ${size}`,
      task: { kind: "forward", layers },
      limit: { operations: fromInputs + fromOutputs },
      inputs: () => inputsOf(layers, input),
    },
  ];
}

interface Classification {
  readonly name: string;
  readonly layers: readonly Layer[];
  /** Counts only products: forward, and twice as much backward. The input of the first layer needs no gradient. */
  readonly operations: number;
  readonly input: (generator: Generator) => Input;
  readonly target: Shape;
  readonly classes: number;
}

function trainingStep({ name, layers, operations, input, target, classes }: Classification): Workload {
  return {
    name,
    task: { kind: "trainingStep", layers, loss: "crossEntropy" },
    limit: { operations },
    inputs: () => inputsOf(layers, input, (generator) => ({ y: classInput(target, classes, generator) })),
  };
}

/** One generator draws everything: the parameters, then x, then the other inputs. */
export function inputsOf(
  layers: readonly Layer[],
  input: (generator: Generator) => Input,
  others: (generator: Generator) => Inputs = () => ({}),
): Inputs {
  const generator = new Generator(1);
  const parameters = [...modelOf(layers, generator).stateDict()];
  return {
    x: input(generator),
    ...others(generator),
    ...Object.fromEntries(parameters.map(([parameter, value]) => [parameter, inputOf(value)])),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
