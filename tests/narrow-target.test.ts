import { backward, Parameter } from "@stargrad/autograd";
import { interpretedEngine, kindsOf, narrowTarget } from "@stargrad/compiler/testing";
import { referenceEngine, type Engine } from "@stargrad/graph";
import {
  BatchNorm2d,
  Conv2d,
  crossEntropy,
  Dropout,
  Embedding,
  Flatten,
  LayerNorm,
  Linear,
  LSTM,
  MaxPool2d,
  Module,
  ReLU,
  Residual,
  Sequential,
  Tanh,
  TransformerEncoderLayer,
} from "@stargrad/nn";
import { Adam, type Optimizer } from "@stargrad/optim";
import { Generator, getEngine, normal, randint, realize, setEngine, type Tensor } from "@stargrad/tensor";
import { trainStep } from "@stargrad/train";
import { describe, expect, it } from "vitest";

// Small versions of the bench's models, compiled for an invented machine and run by a strict interpreter: training must give the same
// results as on the reference engine.

interface Training {
  readonly model: Module;
  readonly loss: (inputs: Inputs) => Tensor;
  readonly inputs: Inputs;
}

type Inputs = Readonly<Record<string, Tensor>>;

interface Forward extends Module {
  forward(x: Tensor): Tensor;
}

const trainings: Readonly<Record<string, (generator: Generator) => Training>> = {
  "an MLP": (generator) =>
    classifier(
      new Sequential(
        new Linear(6, 16, { generator }),
        new ReLU(),
        new Linear(16, 12, { generator }),
        new Tanh(),
        new Linear(12, 3, { generator }),
      ),
      normal([8, 6], { generator }),
      randint([8], { high: 3, generator }),
    ),
  "an MLP with dropout": (generator) =>
    classifier(
      new Sequential(
        new Linear(5, 9, { generator }),
        new Dropout(0.4, { generator }),
        new Linear(9, 4, { generator }),
      ),
      normal([7, 5], { generator }),
      randint([7], { high: 4, generator }),
    ),
  "a convolutional network": (generator) =>
    classifier(
      new Sequential(
        new Conv2d(1, 3, 5, { padding: 2, generator }),
        new ReLU(),
        new MaxPool2d(2),
        new Conv2d(3, 4, 3, { padding: 1, generator }),
        new ReLU(),
        new MaxPool2d(2),
        new Flatten(),
        new Linear(16, 5, { generator }),
      ),
      normal([3, 1, 8, 8], { generator }),
      randint([3], { high: 5, generator }),
    ),
  "a residual network": (generator) => {
    const convolution = (inputs: number, outputs: number, stride = 1): Module[] => [
      new Conv2d(inputs, outputs, 3, { stride, padding: 1, bias: false, generator }),
      new BatchNorm2d(outputs),
    ];
    const chain = (...modules: Module[]) => new Sequential(...(modules as Forward[]));
    return classifier(
      chain(
        ...convolution(1, 4),
        new ReLU(),
        new Residual(
          chain(...convolution(4, 6, 2), new ReLU(), ...convolution(6, 6)),
          chain(...convolution(4, 6, 2)),
        ),
        new Flatten(),
        new Linear(54, 3, { generator }),
      ),
      normal([4, 1, 6, 6], { generator }),
      randint([4], { high: 3, generator }),
    );
  },
  "a GPT": (generator) => {
    const model = new Gpt({ characters: 11, places: 6, features: 8, blocks: 2 }, generator);
    const y = randint([12], { high: 11, generator });
    return classifier(model, randint([2, 6], { high: 11, generator }), y);
  },
  "an encoder": (generator) =>
    meanSquare(
      new Sequential(
        new TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0, batchFirst: true, generator }),
        new Linear(8, 1, { generator }),
      ),
      normal([2, 4, 8], { generator }),
    ),
  "an LSTM": (generator) => {
    const lstm = new LSTM(3, 8, { generator });
    const loss = ({ x }: Inputs): Tensor => lstm.forward(x).output.square().mean();
    return { model: lstm, loss, inputs: { x: normal([5, 4, 3], { generator }) } };
  },
};

function classifier(model: Forward, x: Tensor, y: Tensor): Training {
  const loss = ({ x, y }: Inputs): Tensor => crossEntropy(model.forward(x).reshape([y.size, -1]), y);
  return { model, loss, inputs: { x, y } };
}

function meanSquare(model: Forward, x: Tensor): Training {
  return { model, loss: ({ x }) => model.forward(x).square().mean(), inputs: { x } };
}

interface GptOptions {
  readonly characters: number;
  readonly places: number;
  readonly features: number;
  readonly blocks: number;
}

class Gpt extends Module {
  readonly embedding: Embedding;
  readonly positions: Parameter;
  readonly blocks: Sequential;
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor({ characters, places, features, blocks }: GptOptions, generator: Generator) {
    super();
    this.embedding = new Embedding(characters, features, { generator });
    this.positions = new Parameter(normal([places, features], { generator }));
    this.blocks = new Sequential(
      ...Array.from({ length: blocks }, () => new CausalLayer(features, generator)),
    );
    this.norm = new LayerNorm(features);
    this.head = new Linear(features, characters, { generator });
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(
      this.norm.forward(this.blocks.forward(this.embedding.forward(x).add(this.positions))),
    );
  }
}

class CausalLayer extends TransformerEncoderLayer {
  constructor(features: number, generator: Generator) {
    super(features, 2, {
      dimFeedforward: 4 * features,
      dropout: 0,
      activation: "gelu",
      batchFirst: true,
      normFirst: true,
      generator,
    });
  }

  override forward(x: Tensor): Tensor {
    return super.forward(x, { causal: true });
  }
}

const steps: Readonly<Record<string, (training: Training, optimizer: Optimizer) => () => Tensor>> = {
  "a plain loop":
    ({ loss, inputs }, optimizer) =>
    () => {
      const mistake = loss(inputs);
      backward(mistake);
      optimizer.step();
      optimizer.zeroGrad();
      return mistake;
    },
  trainStep: ({ model, loss, inputs }, optimizer) => {
    const step = trainStep({ model, optimizer, loss: (batch: Inputs) => ({ loss: loss(batch) }) });
    return () => step(inputs).loss;
  },
};

/** The losses of a few steps, and the final state. */
function outcomeOf(engine: Engine, name: string, how: string): Map<string, readonly number[]> {
  const before = getEngine();
  try {
    setEngine(referenceEngine);
    const training = trainings[name](new Generator(1));
    // Random numbers are drawn here, because drawing needs float64.
    realize(...Object.values(training.inputs));
    // Some gradients are 0 except for rounding errors, such as that of a key's bias. They must not become steps.
    const optimizer = new Adam(training.model.parameters(), { learningRate: 1e-2, epsilon: 1e-3 });
    setEngine(engine);
    const step = steps[how](training, optimizer);
    const losses = Array.from({ length: 3 }, () => step().itemSync());
    const state = [...training.model.stateDict(), ...optimizer.stateDict()];
    return new Map<string, readonly number[]>([
      ["losses", losses],
      ...state.map(([key, value]) => [key, [...value.dataSync()]] as const),
    ]);
  } finally {
    setEngine(before);
  }
}

const kinds = new Set<string>();
const narrow = interpretedEngine(narrowTarget, (program) => {
  for (const kind of kindsOf(program)) kinds.add(kind);
});

describe.each(Object.keys(steps))("%s on a narrow target", (how) => {
  it.each(Object.keys(trainings))("trains %s as the reference engine does", (name) => {
    const [got, expected] = [narrow, referenceEngine].map((engine) => outcomeOf(engine, name, how));
    expect([...got.keys()]).toEqual([...expected.keys()]);
    for (const [key, values] of expected) {
      const off = values.map((value, i) => Math.abs((got.get(key)?.[i] ?? NaN) - value));
      expect(Math.max(...off), key).toBeLessThan(1e-4);
    }
    const losses = expected.get("losses") ?? [];
    expect(new Set(losses).size).toBe(losses.length);
  });
});

describe("programs of trainings", () => {
  it("contain products with epilogues and panels, rows with local buffers, and findings", () => {
    const special = [
      "product with an epilogue",
      "scan of product with panels",
      "rows with local buffers",
      "findings",
    ];
    for (const kind of special) expect(kinds).toContain(kind);
    expect(kinds).not.toContain("check");
  });
});
