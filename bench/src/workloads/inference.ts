import type { Generator } from "@stargrad/tensor";
import { normalInput } from "../inputs.js";
import type { Input, Layer, Workload } from "../workload.js";
import { inputsOf } from "./training.js";

/** Models in use, forward alone. What counts as arithmetic are products. */
export const inference: readonly Workload[] = [perceptron(256), encoder(8), resNet18(4)];

/** Three layers of 1024. */
function perceptron(batch: number): Workload {
  const width = 1024;
  const linear: Layer = { layer: "linear", inputs: width, outputs: width };
  return forward({
    name: `wide MLP forward 1024-1024-1024-1024, batch ${batch}`,
    layers: [linear, { layer: "relu" }, linear, { layer: "relu" }, linear],
    operations: 3 * 2 * batch * width ** 2,
    input: (generator) => normalInput([batch, width], generator),
  });
}

/** Four layers of 256, eight heads, 128 places. */
function encoder(batch: number): Workload {
  const [blocks, features, heads, places] = [4, 256, 8, 128];
  // Four projections and a network of two layers, twice as wide; scores and their sums over values.
  const perPlace = blocks * (2 * 8 * features ** 2 + 2 * 2 * places * features);
  return forward({
    name: `encoder forward ${blocks} layers, d ${features}, ${heads} heads, T ${places}, batch ${batch}`,
    layers: Array.from({ length: blocks }, (): Layer => ({ layer: "encoder", features, heads })),
    operations: batch * places * perPlace,
    input: (generator) => normalInput([batch, places, features], generator),
  });
}

/** ResNet-18 as it is for images of 32 × 32: the first convolution is small, and nothing is pooled before the last layer. */
function resNet18(batch: number): Workload {
  const widths = [64, 128, 256, 512];
  const stages = widths.map((width, i) => {
    const [inputs, stride, length] = [widths[Math.max(0, i - 1)], i === 0 ? 1 : 2, 32 / 2 ** i];
    const perPlace = (inputs + 3 * width) * width * 9 + (stride === 1 ? 0 : inputs * width);
    return {
      layers: [...block(inputs, width, stride), ...block(width, width, 1)],
      operations: 2 * length ** 2 * perPlace,
    };
  });
  const first = 2 * 32 ** 2 * 3 * 64 * 9;
  const last = 2 * 512 * 10;
  return forward({
    name: `ResNet-18 forward 3×32×32, batch ${batch}`,
    layers: [
      ...convolution(3, 64, 3, 1),
      { layer: "relu" },
      ...stages.flatMap(({ layers }) => layers),
      { layer: "globalAveragePool" },
      { layer: "flatten" },
      { layer: "linear", inputs: 512, outputs: 10 },
    ],
    operations: batch * stages.reduce((sum, { operations }) => sum + operations, first + last),
    input: (generator) => normalInput([batch, 3, 32, 32], generator),
  });
}

function block(inputs: number, outputs: number, stride: number): Layer[] {
  return [
    {
      layer: "residual",
      body: [
        ...convolution(inputs, outputs, 3, stride),
        { layer: "relu" },
        ...convolution(outputs, outputs, 3, 1),
      ],
      shortcut: stride === 1 ? [] : convolution(inputs, outputs, 1, stride),
    },
    { layer: "relu" },
  ];
}

function convolution(inputs: number, outputs: number, size: number, stride: number): Layer[] {
  return [
    { layer: "convolution", inputs, outputs, size, stride, bias: false },
    { layer: "batchNorm", features: outputs },
  ];
}

interface Forward {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly operations: number;
  readonly input: (generator: Generator) => Input;
}

function forward({ name, layers, operations, input }: Forward): Workload {
  return {
    name,
    task: { kind: "forward", layers },
    limit: { operations },
    inputs: () => inputsOf(layers, input),
  };
}
