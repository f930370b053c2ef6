import * as nn from "@stargrad/nn";
import { ones, StargradError, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

/*
 * What a user passes wrongly to layers and losses ends in a StargradError that names what was called, or works if it can only mean a
 * tensor. The lists are those of the exports: an export without a row fails.
 */

type Call = (...given: readonly unknown[]) => unknown;

const promise = Promise.resolve(1);
/** What is neither a tensor nor stands for one, nor for a number or a list. */
const wrong: readonly unknown[] = [undefined, null, "x", {}, promise, () => 1];

/** The error of a call, which must be a StargradError of this name. */
function refusal(name: string, call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error, `${name} threw ${String(error)}`).toBeInstanceOf(StargradError);
    expect((error as StargradError).called).toMatch(new RegExp(`^${name}\\b`));
    return (error as Error).message;
  }
  throw new Error(`${name} accepted it`);
}

/** The list with another value in one place. */
const replaced = (list: readonly unknown[], place: number, value: unknown): unknown[] =>
  Object.assign([...list], { [place]: value });

const row = ones([2, 4]);
const image = ones([2, 4, 2, 2]);
const sequence = ones([3, 2, 4]);
const index = zeros([2, 3], { dtype: "int32" });
const linear = () => new nn.Linear(4, 4);
const encoder = () => new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 3, dropout: 0 });
const decoder = () => new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 3, dropout: 0 });
const line = ones([2, 4, 4]);
const volume = ones([2, 4, 2, 2, 2]);

/** The required arguments of the constructor, and the inputs of `forward`. */
const layers: Readonly<Record<string, readonly [make: readonly unknown[], inputs: readonly unknown[]]>> = {
  ...Object.fromEntries(
    "ELU Flatten GELU GLU Hardtanh Identity LeakyReLU LogSoftmax Mish PReLU ReLU SELU SiLU Sigmoid Softmax Softplus Tanh Dropout"
      .split(" ")
      .map((name) => [name, [[], [row]]]),
  ),
  ...{ AdaptiveAvgPool1d: [[2], [line]], AdaptiveAvgPool2d: [[2], [image]] },
  ...{ AdaptiveMaxPool1d: [[2], [line]], AdaptiveMaxPool2d: [[2], [image]] },
  ...{
    AvgPool1d: [[2], [line]],
    AvgPool2d: [[2], [image]],
    MaxPool1d: [[2], [line]],
    MaxPool2d: [[2], [image]],
  },
  ...{ BatchNorm1d: [[4], [row]], BatchNorm2d: [[4], [image]], InstanceNorm2d: [[4], [image]] },
  ...{ GroupNorm: [[2, 4], [image]], LayerNorm: [[4], [row]], RMSNorm: [[4], [row]] },
  ...{ Conv1d: [[4, 3, 2], [line]], Conv2d: [[4, 3, 2], [image]], Conv3d: [[4, 3, 2], [volume]] },
  ConvTranspose1d: [[4, 3, 2], [line]],
  ConvTranspose2d: [[4, 3, 2], [image]],
  ConvTranspose3d: [[4, 3, 2], [volume]],
  ...{
    Linear: [[4, 3], [row]],
    Bilinear: [
      [4, 4, 3],
      [row, row],
    ],
    Embedding: [[5, 2], [index]],
  },
  ...{ GRU: [[4, 3], [sequence]], LSTM: [[4, 3], [sequence]], RNN: [[4, 3], [sequence]] },
  ...{ GRUCell: [[4, 3], [row]], LSTMCell: [[4, 3], [row]], RNNCell: [[4, 3], [row]] },
  MultiheadAttention: [
    [4, 2],
    [sequence, sequence, sequence],
  ],
  TransformerEncoderLayer: [[4, 2], [sequence]],
  TransformerDecoderLayer: [
    [4, 2],
    [sequence, sequence],
  ],
  TransformerEncoder: [[[encoder()]], [sequence]],
  TransformerDecoder: [[[decoder()]], [sequence, sequence]],
  ...{ Dropout2d: [[], [image]], PixelShuffle: [[2], [image]], RotaryEmbedding: [[4], [row]] },
  ...{ Unflatten: [[1, [2, 2]], [row]], Upsample: [[{ size: 4 }], [image]] },
  ...{ Residual: [[linear()], [row]], Sequential: [[], [row]] },
  ...{ ModuleList: [[[linear()]], []], ModuleDict: [[{ a: linear() }], []] },
};

const layerNames = Object.entries(nn)
  .filter(([, exported]) => typeof exported === "function" && exported.prototype instanceof nn.Module)
  .map(([name]) => name);

const make = (name: string, given: readonly unknown[]): nn.Module =>
  new (nn[name as keyof typeof nn] as unknown as new (...given: readonly unknown[]) => nn.Module)(...given);

/** Whether a value is right in each place of a constructor: omitted or empty options, a length to keep, no modules. */
function isLegal(name: string, value: unknown): boolean {
  if (name.startsWith("Adaptive")) return value === null;
  if (name === "ModuleList" || name.startsWith("Dropout")) return value === undefined;
  const isEmpty = value === undefined || Object.getPrototypeOf(value ?? 0) === Object.prototype;
  return isEmpty && name !== "Sequential" && (name === "ModuleDict" || layers[name][0].length === 0);
}

describe("layers", () => {
  it("have a row each", () => {
    expect(Object.keys(layers).sort()).toEqual([...layerNames].sort());
  });

  it.each(layerNames)("%s refuses wrong arguments of its constructor in every place", (name) => {
    const [given] = layers[name];
    make(name, given);
    for (const place of given.length === 0 ? [0] : given.keys()) {
      for (const value of [...wrong, NaN].filter((each) => !isLegal(name, each))) {
        refusal(name, () => make(name, replaced(given, place, value)));
      }
      if (given.length > 0 && !isLegal(name, undefined))
        refusal(name, () => make(name, given.slice(0, place)));
    }
  });

  it.each(layerNames)("%s.forward refuses what is no tensor in every place", (name) => {
    const [given, inputs] = layers[name];
    const layer = make(name, given).eval();
    inputs.forEach((_, place) => {
      for (const value of wrong) {
        const said = refusal(name, () => (layer.forward as Call)(...replaced(inputs, place, value)));
        if (value === promise) expect(said).toContain("A forgotten await?");
      }
    });
  });

  it.each(layerNames)("%s.forward takes arrays as tensors", (name) => {
    const [given, inputs] = layers[name];
    const layer = make(name, given).eval();
    const arrays = inputs.map((x) => (x as typeof row).toArraySync());
    if (inputs.length === 0) return;
    expect(JSON.stringify((layer.forward as Call)(...arrays))).toBe(
      JSON.stringify((layer.forward as Call)(...inputs)),
    );
  });
});

const p = tensor([
  [0.25, 0.75],
  [0.5, 0.5],
]);
const classes = tensor([0, 1], { dtype: "int32" });
const signs = tensor([1, -1]);

/** The tensors that losses take. */
const losses: Readonly<Record<string, readonly (typeof p)[]>> = {
  ...Object.fromEntries(
    "mseLoss l1Loss huberLoss smoothL1Loss klDivLoss binaryCrossEntropy binaryCrossEntropyWithLogits"
      .split(" ")
      .map((name) => [name, [p, p]]),
  ),
  ...{ crossEntropy: [p, classes], nllLoss: [p, classes], hingeEmbeddingLoss: [signs, signs] },
  ...{ cosineEmbeddingLoss: [p, p, signs], tripletMarginLoss: [p, p, p] },
  ctcLoss: [ones([3, 1, 2]), tensor([[1]], { dtype: "int32" })],
  scaledDotProductAttention: [p, p, p],
};
const notLosses = new Set(["outputShape", "summary"]);
const lossNames = Object.entries(nn)
  .filter(([name, value]) => typeof value === "function" && /^[a-z]/.test(name) && !notLosses.has(name))
  .map(([name]) => name);

describe("losses", () => {
  it("have a row each", () => {
    expect(Object.keys(losses).sort()).toEqual([...lossNames].sort());
  });

  it.each(lossNames)("%s refuses what is no tensor in every place", (name) => {
    const call = nn[name as keyof typeof nn] as Call;
    losses[name].forEach((_, place) => {
      for (const value of wrong) {
        const given: readonly unknown[] = losses[name];
        const said = refusal(name, () => call(...replaced(given, place, value)));
        if (value === promise) expect(said).toContain("A forgotten await?");
      }
    });
    refusal(name, () => call(...losses[name], {}, 1));
  });

  it.each(lossNames)("%s takes arrays as tensors", (name) => {
    const call = nn[name as keyof typeof nn] as Call;
    const arrays = losses[name].map((x) => x.toArraySync());
    const expected = JSON.stringify(call(...losses[name]));
    expect(JSON.stringify(call(...arrays))).toBe(expected);
    losses[name].forEach((_, place) => {
      const given = losses[name].map((x, i) => (i === place ? arrays[i] : x));
      expect(JSON.stringify(call(...given))).toBe(expected);
    });
  });
});
