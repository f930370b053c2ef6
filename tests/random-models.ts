import { backward, type Parameter } from "@stargrad/autograd";
import * as nn from "@stargrad/nn";
import { AdamW, clipGradNorm, NAdam, RMSprop, SGD, type Optimizer } from "@stargrad/optim";
import { Generator, normal, type Tensor } from "@stargrad/tensor";
import { trainStep } from "@stargrad/train";

/** A layer for tensors [N, width] that keeps their shape, drawn by a generator. */
type LayerOf = (width: number, generator: Generator) => nn.Module & { forward(x: Tensor): Tensor };

/** A layer that takes sequences, on the items of a batch as if they were one sequence. */
class AcrossItems extends nn.Module {
  readonly layer: nn.RNN | nn.GRU | nn.LSTM | nn.TransformerEncoderLayer;

  constructor(layer: nn.RNN | nn.GRU | nn.LSTM | nn.TransformerEncoderLayer) {
    super();
    this.layer = layer;
  }

  forward(x: Tensor): Tensor {
    const [items, width] = x.shape;
    const y = this.layer.forward(x.reshape([items, 1, width]));
    return ("output" in y ? y.output : y).reshape([items, width]);
  }
}

const layers: Readonly<Record<string, LayerOf>> = {
  Linear: (width, generator) => new nn.Linear(width, width, { generator }),
  BatchNorm1d: (width) => new nn.BatchNorm1d(width),
  "BatchNorm1d of all batches": (width) => new nn.BatchNorm1d(width, { momentum: null }),
  LayerNorm: (width) => new nn.LayerNorm(width),
  RMSNorm: (width) => new nn.RMSNorm(width),
  GroupNorm: (width) => new nn.GroupNorm(1, width),
  Dropout: (_, generator) => new nn.Dropout(0.1, { generator: generator.split() }),
  Residual: (width, generator) => new nn.Residual(new nn.Linear(width, width, { generator })),
  RNN: (width, generator) => new AcrossItems(new nn.RNN(width, width, { generator })),
  GRU: (width, generator) => new AcrossItems(new nn.GRU(width, width, { generator })),
  LSTM: (width, generator) => new AcrossItems(new nn.LSTM(width, width, { generator })),
  TransformerEncoderLayer: (width, generator) =>
    new AcrossItems(
      new nn.TransformerEncoderLayer(width, 1, {
        dimFeedforward: width,
        dropout: 0.1,
        generator: generator.split(),
      }),
    ),
  PReLU: () => new nn.PReLU(),
  Tanh: () => new nn.Tanh(),
  ReLU: () => new nn.ReLU(),
  GELU: () => new nn.GELU(),
  SiLU: () => new nn.SiLU(),
  Mish: () => new nn.Mish(),
  ELU: () => new nn.ELU(),
  SELU: () => new nn.SELU(),
  Softplus: () => new nn.Softplus(),
  LeakyReLU: () => new nn.LeakyReLU(),
  Sigmoid: () => new nn.Sigmoid(),
  Softmax: () => new nn.Softmax(),
  LogSoftmax: () => new nn.LogSoftmax(),
  Hardtanh: () => new nn.Hardtanh(),
  Identity: () => new nn.Identity(),
};

const optimizers: readonly ((parameters: Parameter[]) => Optimizer)[] = [
  (parameters) => new SGD(parameters, { learningRate: 0.05, momentum: 0.9, nesterov: true }),
  (parameters) => new AdamW(parameters, { learningRate: 0.01, weightDecay: 0.1 }),
  (parameters) => new NAdam(parameters, { learningRate: 0.01 }),
  (parameters) => new RMSprop(parameters, { learningRate: 0.01, centered: true }),
];

/** What a training came to: each step's loss, and everything that is kept in the end. */
export interface Outcome {
  readonly losses: readonly number[];
  readonly state: ReadonlyMap<string, ArrayLike<number>>;
}

export interface Trainings {
  /** How the model and the optimizer were drawn. */
  readonly description: string;
  readonly plain: Outcome;
  readonly recorded: Outcome;
  /** Recorded, with another model trained by another optimizer between the third step and the fourth. */
  readonly paused: Outcome;
}

/** Trains a model that is drawn from a seed for six steps, in the three ways that have to come to the same. */
export function trainRandomModel(seed: number, depth: number): Trainings {
  const start = () => drawnFrom(seed, depth);
  const { description } = start();
  return {
    description,
    plain: train(start(), (subject) => plainStep(subject)),
    recorded: train(start(), (subject) => recordedStep(subject)),
    paused: train(start(), (subject) => {
      const [step, other] = [recordedStep(subject), recordedStep(drawnFrom(seed + 1, 2))];
      return (x, i) => {
        if (i === 3) for (let between = 0; between < 2; between++) other(x.narrow(1, 0, 1), between);
        return step(x, i);
      };
    }),
  };
}

type Subject = ReturnType<typeof drawnFrom>;
type Step = (x: Tensor, i: number) => Tensor;

function drawnFrom(seed: number, depth: number) {
  const generator = new Generator(seed);
  const choose = <T>(choices: readonly T[]): T => choices[Math.floor(generator.uniform() * choices.length)];
  const width = depth === 2 ? 1 : 1 + Math.floor(generator.uniform() * 8);
  const drawn = Array.from({ length: depth }, () => choose(Object.entries(layers)));
  const model: nn.Sequential = new nn.Sequential(
    ...drawn.map(([, make]) => make(width, generator)),
    new nn.Linear(width, 2, { generator }),
  );
  const optimizer = choose(optimizers)(model.parameters());
  const names = drawn.map(([name]) => name).join(", ");
  return {
    model,
    optimizer,
    width,
    description: `seed ${seed}, width ${width}, ${optimizer.constructor.name}: ${names}`,
  };
}

function lossOf({ model }: Subject, x: Tensor): Tensor {
  const y = model.forward(x);
  return nn.mseLoss(y, y.stopGradient().mul(0).add(1));
}

function plainStep(subject: Subject): Step {
  const { model, optimizer } = subject;
  return (x) => {
    const loss = lossOf(subject, x);
    backward(loss);
    clipGradNorm(model.parameters(), 1);
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  };
}

function recordedStep(subject: Subject): Step {
  const { model, optimizer } = subject;
  const step = trainStep({
    model,
    optimizer,
    loss: ({ x }) => ({ loss: lossOf(subject, x) }),
    afterBackward: () => clipGradNorm(model.parameters(), 1),
  });
  return (x) => step({ x }).loss;
}

function train(subject: Subject, stepOf: (subject: Subject) => Step): Outcome {
  const step = stepOf(subject);
  const generator = new Generator(7);
  const losses = Array.from({ length: 6 }, (_, i) => {
    const x = normal([4, subject.width], { generator });
    return step(x, i).itemSync();
  });
  const state = new Map([...subject.model.stateDict(), ...subject.optimizer.stateDict()]);
  return { losses, state: new Map([...state].map(([name, value]) => [name, value.dataSync()])) };
}
