import * as nn from "@stargrad/nn";
import { Adam, AdamW, SGD, type Optimizer } from "@stargrad/optim";
import { arange, concat, Generator, normal, randint, tensor, type Tensor } from "@stargrad/tensor";
import { type Inputs, type Subject } from "./trainings.js";

// Deep and long models as in practice, but narrow, because the tests are about depth.

type Layer = nn.Layer;

/** A model that learns to return 1 for any tensors of this shape. */
function subjectOf(
  model: nn.Module & { forward(x: Tensor): Tensor },
  shape: readonly number[],
  optimizer: Optimizer = new Adam(model.parameters(), { learningRate: 0.01 }),
): Subject {
  return {
    model,
    optimizer,
    lossOf: ({ x }) => model.forward(x).sub(1).square().mean(),
    inputsOf: (step) => ({ x: random(50 + step, ...shape) }),
  };
}

function random(seed: number, ...shape: readonly number[]): Tensor {
  return normal(shape, { generator: new Generator(seed) });
}

/** The given number of transformer layers, with dropout and weight decay. */
export function encoder(layers: number): Subject {
  const generator = new Generator(1);
  const options = { dimFeedforward: 12, dropout: 0.1, generator };
  const model = new nn.Sequential<readonly Layer[]>(
    ...Array.from({ length: layers }, () => new nn.TransformerEncoderLayer(8, 2, options)),
    new nn.Linear(8, 1, { generator }),
  );
  return subjectOf(
    model,
    [5, 2, 8],
    new AdamW(model.parameters(), { learningRate: 0.003, weightDecay: 0.1 }),
  );
}

/** (Linear, tanh), repeated. */
export function tanhChain(length: number): Subject {
  const generator = new Generator(2);
  const model = new nn.Sequential<readonly Layer[]>(
    ...Array.from({ length }, () => [new nn.Linear(4, 4, { generator }), new nn.Tanh()]).flat(),
  );
  return subjectOf(model, [3, 4]);
}

const recurrentLayers = { RNN: nn.RNN, GRU: nn.GRU, LSTM: nn.LSTM };

export type RecurrentName = keyof typeof recurrentLayers;

/** A recurrent layer over the given number of steps; single sequences may be shorter. */
export function recurrent(
  name: RecurrentName,
  steps: number,
  {
    lengths,
    ...options
  }: nn.RecurrentOptions & { readonly lengths?: (step: number) => readonly number[] } = {},
): Subject {
  const generator = new Generator(3);
  const layer = new recurrentLayers[name](3, 4, { ...options, generator });
  const model = new Reading(layer, new nn.Linear(options.bidirectional === true ? 8 : 4, 1, { generator }));
  return {
    ...subjectOf(model, []),
    // The target differs between steps, so the layer has to use its state.
    lossOf: ({ x, lengths: given }) =>
      model
        .forward(x, given)
        .sub(x.sum({ axis: 2, keepDims: true }).tanh())
        .square()
        .mean(),
    inputsOf: (step) => ({
      x: random(50 + step, ...(options.batchFirst === true ? [2, steps] : [steps, 2]), 3),
      ...(lengths === undefined ? {} : { lengths: tensor(lengths(step), { dtype: "int32" }) }),
    }),
  };
}

class Reading extends nn.Module {
  constructor(
    readonly layer: nn.RNN | nn.GRU | nn.LSTM,
    readonly head: nn.Linear,
  ) {
    super();
  }

  forward(x: Tensor, lengths?: Tensor): Tensor {
    return this.head.forward(this.layer.forward(x, lengths === undefined ? {} : { lengths }).output);
  }
}

/** An LSTM that returns only its outputs, without its last states. */
export class Outputs extends nn.Module {
  constructor(readonly layer: nn.LSTM) {
    super();
  }

  forward(x: Tensor): Tensor {
    return this.layer.forward(x).output;
  }
}

/** A U-Net of the given number of levels: convolutions and pooling, both kinds of upsampling, and skip connections. */
export function uNet(levels: number): Subject {
  const size = 4 * 2 ** levels;
  const model = new UNet(levels);
  return subjectOf(model, [2, 1, size, size]);
}

class UNet extends nn.Module {
  readonly down: Layer[] = [];
  readonly up: Layer[] = [];
  readonly after: Layer[] = [];
  readonly pool = new nn.MaxPool2d(2);
  readonly middle: Layer;
  readonly head: Layer;

  constructor(levels: number) {
    super();
    const generator = new Generator(4);
    const block = (from: number, to: number): Layer =>
      new nn.Sequential(
        new nn.Conv2d(from, to, 3, { padding: 1, bias: false, generator }),
        new nn.BatchNorm2d(to),
        new nn.ReLU(),
      );
    for (let level = 0; level < levels; level++) {
      this.down.push(block(level === 0 ? 1 : 4, 4));
      this.up.push(
        level % 2 === 0
          ? new nn.ConvTranspose2d(4, 4, 2, { stride: 2, generator })
          : new nn.Upsample({ scaleFactor: 2, mode: "bilinear" }),
      );
      this.after.push(block(8, 4));
    }
    this.middle = block(4, 4);
    this.head = new nn.Conv2d(4, 1, 1, { generator });
  }

  forward(x: Tensor): Tensor {
    const seen: Tensor[] = [];
    let h = x;
    for (const layer of this.down) {
      seen.push((h = layer.forward(h)));
      h = this.pool.forward(h);
    }
    h = this.middle.forward(h);
    for (const [level, layer] of [...this.up.entries()].reverse()) {
      h = this.after[level].forward(concat([layer.forward(h), seen[level]], { axis: 1 }));
    }
    return this.head.forward(h);
  }
}

/** A ResNet with the given numbers of bottlenecks in its four stages: 3, 4, 6 and 3 make a ResNet-50, with 53 convolutions. */
export function resNet(blocks: readonly number[]): Subject {
  const generator = new Generator(5);
  const convolution = (from: number, to: number, kernel: number, stride = 1) => [
    new nn.Conv2d(from, to, kernel, { stride, padding: (kernel - 1) / 2, bias: false, generator }),
    new nn.BatchNorm2d(to),
  ];
  const layers: Layer[] = [...convolution(3, 4, 3), new nn.ReLU()];
  let channels = 4;
  for (const [stage, count] of blocks.entries()) {
    const width = 2 + stage;
    for (let block = 0; block < count; block++) {
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const inside = [
        ...convolution(channels, width, 1),
        new nn.ReLU(),
        ...convolution(width, width, 3, stride),
        new nn.ReLU(),
        ...convolution(width, 4 * width, 1),
      ];
      const shortcut = block === 0 ? [convolution(channels, 4 * width, 1, stride)] : [];
      const sequences = [inside, ...shortcut].map((parts: Layer[]): Layer => new nn.Sequential(...parts));
      layers.push(new nn.Residual(sequences[0], sequences[1]), new nn.ReLU());
      channels = 4 * width;
    }
  }
  const model = new nn.Sequential<readonly Layer[]>(
    ...layers,
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(channels, 2, { generator }),
  );
  return subjectOf(
    model,
    [2, 3, 16, 16],
    new SGD(model.parameters(), { learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3 }),
  );
}

/** A model whose number of rows changes at each step; after the given number of steps the sequence repeats. */
export function batchesOf(shapes: number): Subject {
  const generator = new Generator(8);
  const model = new nn.Sequential(
    new nn.Linear(3, 4, { generator }),
    new nn.BatchNorm1d(4),
    new nn.Dropout(0.1),
    new nn.Tanh(),
    new nn.Linear(4, 1, { generator }),
  );
  return {
    ...subjectOf(model, []),
    inputsOf: (step) => ({ x: random(50 + step, 2 + (step % shapes), 3) }),
  };
}

/** A language model with its own attention: tokens in, logits of the next token out. */
export function languageModel(layers: number): Subject {
  const model = new LanguageModel(layers);
  return {
    model,
    optimizer: new AdamW(
      [
        { parameters: model.tokens.parameters(), learningRate: 0.02, weightDecay: 0 },
        { parameters: [model.blocks, model.head].flatMap((part) => part.parameters()) },
      ],
      { learningRate: 0.01 },
    ),
    lossOf: ({ x, y }: Inputs) => nn.crossEntropy(model.forward(x).flatten({ endAxis: 1 }), y.flatten()),
    inputsOf: (step) => {
      const generator = new Generator(50 + step);
      const x = randint([2, 6], { high: 11, generator });
      return { x, y: x.add(1).mod(11) };
    },
  };
}

class LanguageModel extends nn.Module {
  readonly tokens = new nn.Embedding(11, 8, { generator: new Generator(6) });
  readonly blocks: nn.ModuleList<Block>;
  readonly head = new nn.Linear(8, 11, { generator: new Generator(7) });

  constructor(layers: number) {
    super();
    this.blocks = new nn.ModuleList(Array.from({ length: layers }, (_, i) => new Block(8 + i)));
  }

  forward(x: Tensor): Tensor {
    const length = x.shape[1];
    const isLater = arange(length).unsqueeze(1).less(arange(length));
    return this.head.forward(
      [...this.blocks].reduce((h: Tensor, block) => block.forward(h, isLater), this.tokens.forward(x)),
    );
  }
}

class Block extends nn.Module {
  readonly norm = new nn.GroupNorm(2, 8);
  readonly attention: nn.MultiheadAttention;
  readonly forget: nn.Dropout;

  constructor(seed: number) {
    super();
    const generator = new Generator(seed);
    this.attention = new nn.MultiheadAttention(8, 2, { batchFirst: true, dropout: 0.1, generator });
    this.forget = new nn.Dropout(0.1);
  }

  forward(x: Tensor, attentionMask: Tensor): Tensor {
    const h = this.norm.forward(x.transpose(1, 2)).transpose(1, 2);
    const { output } = this.attention.forward(h, h, h, { attentionMask, needWeights: false });
    return x.add(this.forget.forward(output));
  }
}
