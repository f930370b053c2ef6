import type { Parameter } from "@stargrad/autograd";
import { GELU, Linear, Module, ReLU, Sequential, Sigmoid, Tanh, type Layer } from "@stargrad/nn";
import { Adam, AdamW, RMSprop, SGD } from "@stargrad/optim";
import { Generator, type Tensor } from "@stargrad/tensor";

import type { Activation, OptimizerName, PlaySettings } from "./settings.js";

/** A layer of the network: weights and biases, and what is done to their sums. */
export interface Block {
  readonly linear: Layer;
  /** [neurons, inputs] */
  readonly weight: Parameter;
  readonly bias: Parameter;
  /** null: nothing. */
  readonly activation: Layer | null;
  /** The name of its layer, as in the names of parameters: `0` for `0.weight`. */
  readonly name: string;
}

/** What the neurons of one layer compute: the sums z, and the values a = f(z). */
export interface Values {
  readonly z: Tensor;
  readonly a: Tensor;
}

const modules: Record<Activation, (() => Layer) | null> = {
  tanh: () => new Tanh(),
  relu: () => new ReLU(),
  sigmoid: () => new Sigmoid(),
  gelu: () => new GELU(),
  linear: null,
};

/** The network of the playground: 2 numbers in, hidden layers, one logit out. Above 0 it says blue. */
export class Network extends Module {
  readonly sequence: Sequential;
  readonly blocks: readonly Block[];

  constructor({ layers, seed, scale, shift }: Pick<PlaySettings, "layers" | "seed" | "scale" | "shift">) {
    super();
    const generator = new Generator(seed);
    const sequence: Layer[] = [];
    const blocks: Block[] = [];
    const add = (inputs: number, outputs: number, make: (() => Layer) | null): void => {
      const linear = new Linear(inputs, outputs, { generator });
      const activation = make?.() ?? null;
      const { weight, bias } = linear;
      if (bias === null) throw new Error("Layers of the playground have biases");
      blocks.push({ linear, weight, bias, activation, name: `${sequence.length}` });
      sequence.push(linear, ...(activation === null ? [] : [activation]));
    };
    let inputs = 2;
    for (const { width, activation } of layers) {
      add(inputs, width, modules[activation]);
      inputs = width;
    }
    add(inputs, 1, null);
    this.sequence = new Sequential(...sequence);
    this.blocks = blocks;
    if (scale !== 1)
      for (const parameter of this.sequence.parameters()) parameter.assign(parameter.mul(scale).detach());
    if (shift !== 0) {
      for (const { bias } of blocks.slice(0, -1)) bias.assign(bias.add(shift).detach());
    }
  }

  forward(x: Tensor): Tensor {
    return this.sequence.forward(x);
  }

  /** The sums and values of every layer. `nudges` are added to the sums, to differentiate with respect to them. */
  values(x: Tensor, nudges?: readonly Tensor[]): Values[] {
    let a = x;
    return this.blocks.map(({ linear, activation }, i) => {
      const sums = linear.forward(a);
      const z = nudges === undefined ? sums : sums.add(nudges[i]);
      a = activation?.forward(z) ?? z;
      return { z, a };
    });
  }
}

type Optimizer = SGD | RMSprop | Adam;

export const optimizerOf: Record<OptimizerName, (network: Sequential, learningRate: number) => Optimizer> = {
  sgd: (network, learningRate) => new SGD(network.parameters(), { learningRate }),
  momentum: (network, learningRate) => new SGD(network.parameters(), { learningRate, momentum: 0.9 }),
  rmsprop: (network, learningRate) => new RMSprop(network.parameters(), { learningRate }),
  adam: (network, learningRate) => new Adam(network.parameters(), { learningRate }),
  adamw: (network, learningRate) => new AdamW(network.parameters(), { learningRate }),
};
