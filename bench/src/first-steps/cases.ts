import type { Layer } from "../workload.js";
import type { FirstStep } from "./first-step.js";

/** Programs whose compilation used to take quadratic time, or used to fail; and three deep models. */
export const firstSteps: readonly FirstStep[] = [
  ...[12, 24, 48].map(encoders),
  gpt(12),
  resNet50(),
  ...[100, 200, 400].map(lstm),
  ...[100, 200, 400].map(perceptron),
  ...[5000, 10_000, 20_000].map((operations): FirstStep => ({
    name: `first step: chain of ${operations} × tanh, with gradient`,
    family: "chain",
    task: { kind: "chain", operations },
  })),
  ...[1500, 3000, 6131].map((tensors): FirstStep => ({
    name: `first step: stack of ${tensors} × 784`,
    family: "stack",
    task: { kind: "stack", tensors },
  })),
  ...[1250, 2500, 5000].map((parameters): FirstStep => ({
    name: `first step: concat of ${parameters} parameters, with gradients`,
    family: "concat",
    task: { kind: "concat", parameters },
  })),
];

/** 2 texts of 4 positions, 16 features each. */
function encoders(count: number): FirstStep {
  return {
    name: `first step: trainStep, ${count} encoder layers of 16`,
    family: "encoder layers",
    task: {
      kind: "trainingStep",
      layers: [
        ...repeat(count, () => [{ layer: "encoder", features: 16, heads: 2 }]),
        { layer: "linear", inputs: 16, outputs: 1 },
      ],
      loss: "meanSquare",
      recorded: true,
      x: { shape: [2, 4, 16] },
    },
  };
}

/** 4 texts of 64 characters. */
function gpt(count: number): FirstStep {
  const [features, places, characters] = [128, 64, 65];
  return {
    name: `first step: trainStep, GPT of ${count} layers of ${features}`,
    family: "GPT",
    task: {
      kind: "trainingStep",
      layers: [
        { layer: "embedding", rows: characters, features },
        { layer: "positions", places, features },
        ...repeat(count, () => [{ layer: "causalTransformer", features, heads: 4 }]),
        { layer: "layerNorm", features },
        { layer: "linear", inputs: features, outputs: characters },
      ],
      loss: "crossEntropy",
      recorded: true,
      x: { shape: [4, places], high: characters },
      y: { shape: [4 * places], high: characters },
    },
  };
}

/** ResNet-50 has 53 convolutions: one, 16 blocks of three, and one in the shortcut of each of its four stages. */
function resNet50(): FirstStep {
  const convolution = (inputs: number, outputs: number, size: number, stride = 1): Layer[] => [
    { layer: "convolution", inputs, outputs, size, stride, bias: false },
    { layer: "batchNorm", features: outputs },
  ];
  const bottleneck = (inputs: number, width: number, stride: number): Layer[] => [
    {
      layer: "residual",
      body: [
        ...convolution(inputs, width, 1),
        { layer: "relu" },
        ...convolution(width, width, 3, stride),
        { layer: "relu" },
        ...convolution(width, 4 * width, 1),
      ],
      shortcut: inputs === 4 * width ? [] : convolution(inputs, 4 * width, 1, stride),
    },
    { layer: "relu" },
  ];
  const stage = (inputs: number, width: number, blocks: number, stride: number): Layer[] => [
    ...bottleneck(inputs, width, stride),
    ...repeat(blocks - 1, () => bottleneck(4 * width, width, 1)),
  ];
  return {
    name: "first step: trainStep, ResNet-50's 53 convolutions, 2×3×64×64",
    family: "ResNet-50",
    task: {
      kind: "trainingStep",
      layers: [
        ...convolution(3, 64, 7, 2),
        { layer: "relu" },
        { layer: "maxPool", size: 2 },
        ...stage(64, 64, 3, 1),
        ...stage(256, 128, 4, 2),
        ...stage(512, 256, 6, 2),
        ...stage(1024, 512, 3, 2),
        { layer: "globalAveragePool" },
        { layer: "flatten" },
        { layer: "linear", inputs: 2048, outputs: 1000 },
      ],
      loss: "crossEntropy",
      recorded: true,
      x: { shape: [2, 3, 64, 64] },
      y: { shape: [2], high: 1000 },
    },
  };
}

/** A plain loop: 4 sequences. */
function lstm(times: number): FirstStep {
  return {
    name: `first step: plain loop, LSTM(8, 16), batch 4, T ${times}`,
    family: "LSTM",
    task: {
      kind: "trainingStep",
      layers: [{ layer: "lstm", inputs: 8, outputs: 16 }],
      loss: "meanSquare",
      recorded: false,
      x: { shape: [times, 4, 8] },
    },
  };
}

function perceptron(count: number): FirstStep {
  return {
    name: `first step: trainStep, ${count} × (Linear(8, 8), tanh), batch 4`,
    family: "(Linear, tanh)",
    task: {
      kind: "trainingStep",
      layers: repeat(count, () => [{ layer: "linear", inputs: 8, outputs: 8 }, { layer: "tanh" }]),
      loss: "meanSquare",
      recorded: true,
      x: { shape: [4, 8] },
    },
  };
}

function repeat(count: number, layers: () => readonly Layer[]): Layer[] {
  return Array.from({ length: count }, layers).flat();
}
