import * as nn from "@stargrad/nn";
import { concat, type Generator, type Tensor } from "@stargrad/tensor";

/*
 * Every layer of @stargrad/nn, adapted to one chain: x is [N, 4 C], and each layer receives it in a shape that it accepts.
 */

/** The size of the layers, and their generator. */
interface Size {
  /** C, the number of channels of an item at each of its four positions. */
  readonly channels: number;
  readonly generator: Generator;
}

/** A layer that takes x [N, 4 C] and returns the same shape. */
export type ChainedLayer = nn.Module & { forward(x: Tensor): Tensor };

/** The shapes that layers receive instead of [N, 4 C], where C is the number of channels; without N. */
const views = {
  row: ({ channels: c }: Size) => [4 * c],
  line: ({ channels: c }: Size) => [c, 4],
  image: ({ channels: c }: Size) => [c, 2, 2],
  volume: ({ channels: c }: Size) => [c, 1, 2, 2],
  deepImage: ({ channels: c }: Size) => [4 * c, 1, 1],
  sequence: ({ channels: c }: Size) => [4, c],
  even: ({ channels: c }: Size) => [c, 4],
};

/** Passes x to a layer in another shape, and reshapes the output to the shape of x. */
class Reshaped extends nn.Module {
  constructor(
    readonly layer: nn.Module,
    readonly shape: readonly number[],
    readonly call: (x: Tensor) => Tensor,
  ) {
    super();
  }

  forward(x: Tensor): Tensor {
    return this.call(x.reshape([x.shape[0], ...this.shape])).reshape(x.shape);
  }
}

type View = keyof typeof views;
type LayerOf = (size: Size) => ChainedLayer;

/** A layer that receives x in one of the shapes; `call` calls it if it takes more than x. */
function seen<M extends nn.Module>(
  view: View,
  make: (size: Size) => M,
  call: (layer: M, x: Tensor) => Tensor = (layer, x) => (layer as unknown as nn.Layer).forward(x),
): LayerOf {
  return (size) => {
    const layer = make(size);
    return new Reshaped(layer, views[view](size), (x) => call(layer, x));
  };
}

const random = ({ generator }: Size) => ({ generator });
/** The options of a layer that draws random numbers during training: a generator of its own. */
const drawing = ({ generator }: Size) => ({ generator: generator.split() });
const transformer = (size: Size) => ({
  dimFeedforward: size.channels + 1,
  dropout: 0.1,
  batchFirst: true,
  ...drawing(size),
});
const linear = (size: Size) => new nn.Linear(4 * size.channels, 4 * size.channels, random(size));

/** The layers, by their exported names. */
const chained: Readonly<Record<string, LayerOf | undefined>> = {
  AdaptiveAvgPool1d: seen(
    "line",
    () => new nn.Sequential(new nn.AdaptiveAvgPool1d(3), new nn.AdaptiveAvgPool1d(4)),
  ),
  AdaptiveAvgPool2d: seen(
    "image",
    () => new nn.Sequential(new nn.AdaptiveAvgPool2d([1, 2]), new nn.AdaptiveAvgPool2d(2)),
  ),
  AdaptiveMaxPool1d: seen(
    "line",
    () => new nn.Sequential(new nn.AdaptiveMaxPool1d(3), new nn.AdaptiveMaxPool1d(4)),
  ),
  AdaptiveMaxPool2d: seen(
    "image",
    () => new nn.Sequential(new nn.AdaptiveMaxPool2d([3, 1]), new nn.AdaptiveMaxPool2d(2)),
  ),
  AvgPool1d: seen("line", () => new nn.AvgPool1d(3, { stride: 1, padding: 1 })),
  AvgPool2d: seen("image", () => new nn.AvgPool2d(3, { stride: 1, padding: 1 })),
  BatchNorm1d: seen("line", ({ channels }) => new nn.BatchNorm1d(channels)),
  BatchNorm2d: seen("image", ({ channels }) => new nn.BatchNorm2d(channels, { momentum: null })),
  Bilinear: seen(
    "sequence",
    (size) => new nn.Bilinear(size.channels, size.channels, size.channels, random(size)),
    (layer, x) => layer.forward(x, x.flip([1])),
  ),
  Conv1d: seen(
    "line",
    (size) => new nn.Conv1d(size.channels, size.channels, 3, { padding: 1, ...random(size) }),
  ),
  Conv2d: seen(
    "image",
    (size) => new nn.Conv2d(size.channels, size.channels, 3, { padding: 1, bias: false, ...random(size) }),
  ),
  Conv3d: seen(
    "volume",
    (size) =>
      new nn.Conv3d(size.channels, size.channels, [1, 3, 3], {
        padding: [0, 1, 1],
        groups: size.channels,
        ...random(size),
      }),
  ),
  ConvTranspose1d: seen(
    "line",
    (size) => new nn.ConvTranspose1d(size.channels, size.channels, 3, { padding: 1, ...random(size) }),
  ),
  ConvTranspose2d: seen(
    "image",
    (size) => new nn.ConvTranspose2d(size.channels, size.channels, 3, { padding: 1, ...random(size) }),
  ),
  ConvTranspose3d: seen(
    "volume",
    (size) =>
      new nn.ConvTranspose3d(size.channels, size.channels, [1, 3, 3], {
        padding: [0, 1, 1],
        ...random(size),
      }),
  ),
  Dropout: (size) => new nn.Dropout(0.1, drawing(size)),
  Dropout2d: seen("image", (size) => new nn.Dropout2d(0.1, drawing(size))),
  ELU: () => new nn.ELU(),
  // One embedding for each sign; each element is multiplied by the embedding of its sign.
  Embedding: seen(
    "row",
    (size) => new nn.Embedding(2, 1, random(size)),
    (layer, x) => x.mul(layer.forward(x.detach().greater(0).cast("int32")).squeeze(2)),
  ),
  Flatten: seen("line", () => new nn.Flatten()),
  GELU: () => new nn.GELU(),
  // The gates are made of the values.
  GLU: seen(
    "row",
    () => new nn.GLU(),
    (layer, x) => layer.forward(concat([x, x.tanh()], { axis: 1 })),
  ),
  GroupNorm: seen("image", ({ channels }) => new nn.GroupNorm(channels % 2 === 0 ? 2 : 1, channels)),
  GRU: seen(
    "sequence",
    (size) => new nn.GRU(size.channels, size.channels, { batchFirst: true, ...random(size) }),
    (layer, x) => layer.forward(x).output,
  ),
  GRUCell: seen(
    "row",
    (size) => new nn.GRUCell(4 * size.channels, 4 * size.channels, random(size)),
    (layer, x) => layer.forward(x, { hidden: x.tanh() }).hidden,
  ),
  Hardtanh: () => new nn.Hardtanh(),
  Identity: () => new nn.Identity(),
  InstanceNorm2d: seen(
    "image",
    ({ channels }) => new nn.InstanceNorm2d(channels, { affine: true, trackRunningStats: true }),
  ),
  LayerNorm: seen("row", ({ channels }) => new nn.LayerNorm(4 * channels)),
  LeakyReLU: () => new nn.LeakyReLU(),
  Linear: linear,
  LogSoftmax: () => new nn.LogSoftmax(),
  LSTM: seen(
    "sequence",
    (size) =>
      new nn.LSTM(size.channels, size.channels, {
        batchFirst: true,
        numLayers: 2,
        dropout: 0.1,
        generator: drawing(size).generator,
      }),
    (layer, x) => layer.forward(x).output,
  ),
  LSTMCell: seen(
    "row",
    (size) => new nn.LSTMCell(4 * size.channels, 4 * size.channels, random(size)),
    (layer, x) => layer.forward(x).cell,
  ),
  MaxPool1d: seen("line", () => new nn.MaxPool1d(3, { stride: 1, padding: 1 })),
  MaxPool2d: seen("image", () => new nn.MaxPool2d(3, { stride: 1, padding: 1 })),
  Mish: () => new nn.Mish(),
  ModuleDict: seen(
    "row",
    (size) => new nn.ModuleDict({ first: linear(size), second: new nn.Tanh() }),
    (modules, x) => modules.get("second").forward(modules.get("first").forward(x)),
  ),
  ModuleList: seen(
    "row",
    (size) => new nn.ModuleList([linear(size), new nn.SiLU()]),
    (modules, x) => [...modules].reduce((y, module) => module.forward(y), x),
  ),
  MultiheadAttention: seen(
    "sequence",
    (size) =>
      new nn.MultiheadAttention(size.channels, 1, { batchFirst: true, dropout: 0.1, ...drawing(size) }),
    (layer, x) => layer.forward(x, x, x).output,
  ),
  PixelShuffle: seen("deepImage", () => new nn.PixelShuffle(2)),
  PReLU: seen("line", ({ channels }) => new nn.PReLU({ numParameters: channels })),
  ReLU: () => new nn.ReLU(),
  Residual: (size) => new nn.Residual(linear(size)),
  RMSNorm: seen("row", ({ channels }) => new nn.RMSNorm(4 * channels)),
  RNN: seen(
    "sequence",
    (size) =>
      new nn.RNN(size.channels, size.channels, { batchFirst: true, bidirectional: true, ...random(size) }),
    (layer, x) => {
      const { output } = layer.forward(x);
      return output.narrow(2, 0, x.shape[2]).mul(output.narrow(2, x.shape[2], x.shape[2]));
    },
  ),
  RNNCell: seen(
    "row",
    (size) => new nn.RNNCell(4 * size.channels, 4 * size.channels, { nonlinearity: "relu", ...random(size) }),
    (layer, x) => layer.forward(x).hidden,
  ),
  RotaryEmbedding: seen("even", () => new nn.RotaryEmbedding(4)),
  SELU: () => new nn.SELU(),
  Sequential: (size) => new nn.Sequential(linear(size), new nn.Tanh()),
  Sigmoid: () => new nn.Sigmoid(),
  SiLU: () => new nn.SiLU(),
  Softmax: () => new nn.Softmax(),
  Softplus: () => new nn.Softplus(),
  Tanh: () => new nn.Tanh(),
  TransformerDecoder: seen(
    "sequence",
    (size) =>
      new nn.TransformerDecoder([new nn.TransformerDecoderLayer(size.channels, 1, transformer(size))], {
        norm: new nn.LayerNorm(size.channels),
      }),
    (layer, x) => layer.forward(x, x.tanh()),
  ),
  TransformerDecoderLayer: seen(
    "sequence",
    (size) => new nn.TransformerDecoderLayer(size.channels, 1, { normFirst: true, ...transformer(size) }),
    (layer, x) => layer.forward(x, x),
  ),
  TransformerEncoder: seen(
    "sequence",
    (size) =>
      new nn.TransformerEncoder([new nn.TransformerEncoderLayer(size.channels, 1, transformer(size))]),
  ),
  TransformerEncoderLayer: seen(
    "sequence",
    (size) => new nn.TransformerEncoderLayer(size.channels, 1, { activation: "gelu", ...transformer(size) }),
  ),
  Unflatten: seen("row", ({ channels }) => new nn.Unflatten(1, [2, 2 * channels])),
  Upsample: seen(
    "image",
    () => new nn.Sequential(new nn.Upsample({ scaleFactor: 2, mode: "bilinear" }), new nn.MaxPool2d(2)),
  ),
};

/** Makes a layer that takes x [N, 4 C] and returns the same shape, by its exported name. */
export function chainedLayer(name: string, size: Size): ChainedLayer {
  const make = chained[name];
  if (make === undefined) {
    throw new Error(
      `${name} has no row; add one to \`chained\` in tests/random-layers.ts, like the rows beside it`,
    );
  }
  return make(size);
}

/** The names of all exported layers. */
export const layerNames: readonly string[] = Object.entries(nn)
  .filter(([, exported]) => typeof exported === "function" && exported.prototype instanceof nn.Module)
  .map(([name]) => name);
