import { type Parameter } from "@stargrad/autograd";
import * as nn from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import { Generator, normal, type Tensor } from "@stargrad/tensor";
import { chainedLayer, layerNames, type ChainedLayer } from "./random-layers.js";
import { plainStep, recordedStep, train, type Outcome, type Subject } from "./trainings.js";

/** The optimizers, by their exported names, with options that use their features. */
const optimizers: Readonly<Record<string, ((parameters: Parameter[]) => optim.Optimizer) | undefined>> = {
  Adadelta: (parameters) => new optim.Adadelta(parameters, { weightDecay: 0.01 }),
  Adagrad: (parameters) => new optim.Adagrad(parameters, { learningRate: 0.02, learningRateDecay: 0.1 }),
  Adam: (parameters) => new optim.Adam(parameters, { learningRate: 0.01, amsgrad: true }),
  Adamax: (parameters) => new optim.Adamax(parameters, { learningRate: 0.01, weightDecay: 0.1 }),
  AdamW: (parameters) => new optim.AdamW(parameters, { learningRate: 0.01, weightDecay: 0.1 }),
  Lamb: (parameters) => new optim.Lamb(parameters, { learningRate: 0.01, weightDecay: 0.1 }),
  Lion: (parameters) => new optim.Lion(parameters, { learningRate: 0.003, weightDecay: 0.1 }),
  // Muon updates only matrices.
  Muon: (parameters) =>
    new optim.Muon(
      parameters.filter(({ ndim }) => ndim === 2),
      { learningRate: 0.02 },
    ),
  NAdam: (parameters) => new optim.NAdam(parameters, { learningRate: 0.01 }),
  RAdam: (parameters) => new optim.RAdam(parameters, { learningRate: 0.01, decoupledWeightDecay: true }),
  RMSprop: (parameters) => new optim.RMSprop(parameters, { learningRate: 0.01, centered: true }),
  SGD: (parameters) => new optim.SGD(parameters, { learningRate: 0.05, momentum: 0.9, nesterov: true }),
};

/** The names of all exported optimizers that can be recorded. */
export const optimizerNames: readonly string[] = Object.entries(optim)
  .filter(([, exported]) => typeof exported === "function" && exported.prototype instanceof optim.Optimizer)
  .map(([name]) => name);

/** A layer with a residual connection, so that gradients reach layers 200 levels below. */
class Beside extends nn.Module {
  constructor(readonly layer: ChainedLayer) {
    super();
  }

  forward(x: Tensor): Tensor {
    return x.add(this.layer.forward(x)).mul(0.7);
  }
}

export interface Trainings {
  readonly plain: Outcome;
  readonly recorded: Outcome;
  /** Recorded; another model is trained by another optimizer between the third and the fourth step. */
  readonly paused: Outcome;
}

/** Trains a model for six steps in three ways, which must give the same results. */
export function trainInAllWays(make: () => RandomSubject): Trainings {
  return {
    plain: train(make, plainStep, 6),
    recorded: train(make, recordedStep, 6),
    paused: train(
      make,
      (subject) => {
        const [step, other] = [
          recordedStep(subject),
          recordedStep(modelOf(["Linear", "Dropout"], { seed: 99 })),
        ];
        let taken = 0;
        return (inputs) => {
          if (taken++ === 3) for (let i = 0; i < 2; i++) other({ x: inputs.x.narrow(1, 0, 4) });
          return step(inputs);
        };
      },
      6,
    ),
  };
}

export interface RandomSubject extends Subject {
  /** A description of the random model and optimizer. */
  readonly description: string;
}

/** A model with the given number of random layers, a random width and a random optimizer. */
export function randomModel(seed: number, depth: number): RandomSubject {
  const generator = new Generator(seed);
  const choose = <T>(choices: readonly T[]): T => choices[Math.floor(generator.uniform() * choices.length)];
  const names = Array.from({ length: depth }, () => choose(layerNames));
  const [optimizer, channels] = [choose(optimizerNames), choose([1, 1, 2, 3, 4, 5, 6, 7, 8])];
  return modelOf(names, { seed, optimizer, channels });
}

/** A model of these layers, every second one with a residual connection, and a head with two outputs. */
export function modelOf(
  names: readonly string[],
  { seed, optimizer = "AdamW", channels = 1 }: { seed: number; optimizer?: string; channels?: number },
): RandomSubject {
  const generator = new Generator(seed);
  const layers = names.map((name, i) => {
    const layer = chainedLayer(name, { channels, generator });
    return i % 2 === 0 ? layer : new Beside(layer);
  });
  // Some sequences of layers return only zeros, such as a mean after a norm; so the head receives the input, too.
  const model: nn.Sequential = new nn.Sequential(
    new Beside(new nn.Sequential<readonly ChainedLayer[]>(...layers)),
    new nn.Linear(4 * channels, 2, { generator }),
  );
  const inputs = new Generator(seed + 1);
  return {
    model,
    optimizer: optimizerOf(optimizer, model.parameters()),
    lossOf: ({ x }) => model.forward(x).sub(1).square().mean(),
    inputsOf: () => ({ x: normal([3, 4 * channels], { generator: inputs }) }),
    description: `seed ${seed}, ${channels} channels, ${optimizer}: ${names.join(", ")}`,
  };
}

function optimizerOf(name: string, parameters: Parameter[]): optim.Optimizer {
  const make = optimizers[name];
  if (make === undefined) {
    throw new Error(
      `${name} has no row; add one to \`optimizers\` in tests/random-models.ts, like the rows beside it`,
    );
  }
  return make(parameters);
}
