import * as autograd from "@stargrad/autograd";
import { arrays, DataLoader } from "@stargrad/datasets";
import * as nn from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import { ones, StargradError, tensor, zeros, type Tensor } from "@stargrad/tensor";
import * as train from "@stargrad/train";
import { describe, expect, it } from "vitest";

/*
 * What a user passes wrongly to layers, losses, metrics, containers and optimizers ends in a StargradError that names what was called, or works if it can only mean a
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

describe("crossEntropy", () => {
  const rows = [
    [1, 2],
    [3, 1],
  ];
  it("takes an array of fewer axes than the logits as class indices, any other as probabilities", () => {
    const logits = tensor(rows);
    const expected = nn.crossEntropy(logits, classes).itemSync();
    for (const target of [[0, 1], Int32Array.of(0, 1), Uint8Array.of(0, 1), BigInt64Array.of(0n, 1n)]) {
      expect(nn.crossEntropy(logits, target as never).itemSync()).toBe(expected);
    }
    const probabilities = [
      [1, 0],
      [0, 1],
    ];
    expect(nn.crossEntropy(rows as never, probabilities as never).itemSync()).toBe(expected);
    expect(nn.crossEntropy(tensor([1, 2]), 1 as never).itemSync()).toBeCloseTo(Math.log(1 + Math.exp(-1)));
    expect(refusal("crossEntropy", () => nn.crossEntropy(logits, [0, 0.5] as never))).toContain(
      "int32 cannot hold",
    );
  });
});

const parameters = () => new nn.Linear(4, 4, { bias: false }).parameters();

/** Calls whose first argument is a list of parameters. */
const takingParameters: Readonly<Record<string, (source: never) => unknown>> = {
  ...Object.fromEntries(
    "Adadelta Adagrad Adam AdamW Adamax LBFGS Lamb Lion Muon NAdam RAdam RMSprop SGD EMA"
      .split(" ")
      .map((name) => {
        const Class = optim[name as keyof typeof optim] as unknown as new (source: never) => object;
        return [name, (source: never) => new Class(source)];
      }),
  ),
  clipGradNorm: (source) => optim.clipGradNorm(source, 1),
  clipGradValue: (source) => {
    optim.clipGradValue(source, 1);
  },
};
/** Calls whose first argument is an optimizer. */
const takingOptimizers: Readonly<Record<string, (optimizer: never) => unknown>> = {
  Scheduler: (optimizer) => new optim.Scheduler(optimizer, () => 1),
  ReduceOnPlateau: (optimizer) => new optim.ReduceOnPlateau(optimizer),
};

describe("optimizers", () => {
  it("have a row each", () => {
    const names = Object.entries(optim).flatMap(([name, value]) =>
      typeof value === "function" ? [name] : [],
    );
    const rows = [...Object.keys(takingParameters), ...Object.keys(takingOptimizers), "Optimizer"];
    expect(rows.sort()).toEqual(names.sort());
  });

  it.each(Object.entries(takingParameters))("%s refuses what is no list of parameters", (name, call) => {
    call(parameters() as never);
    const model = linear();
    const others = [3, model, model.parameters.bind(model), model.namedParameters(), parameters()[0]];
    const lists = [[3], [null], [model], [promise], [ones([2])], [[parameters()[0]]]];
    for (const source of [...wrong, ...others, ...lists]) {
      const said = refusal(name, () => call(source as never));
      if (source === promise) expect(said).toContain("A forgotten await?");
      else expect(said).toContain("Pass model.parameters()");
    }
  });

  it.each(Object.entries(takingOptimizers))("%s refuses what is no optimizer", (name, call) => {
    call(new optim.SGD(parameters()) as never);
    for (const other of [...wrong, 3, linear(), []]) refusal(name, () => call(other as never));
  });

  it("refuse assignments that would have no effect, and say what to assign instead", () => {
    const adam: object = new optim.Adam(parameters());
    const lbfgs: object = new optim.LBFGS(parameters());
    expect(refusal("Optimizer", () => Object.assign(adam, { lr: 1 }))).toContain(
      "optimizer.groups[0].learningRate",
    );
    expect(refusal("Optimizer", () => Object.assign(adam, { learningRate: 1 }))).toContain("no effect");
    expect(refusal("LBFGS", () => Object.assign(lbfgs, { lr: 1 }))).toContain("no effect");
    const optimizer = new optim.Adam(parameters());
    const [group] = optimizer.groups;
    expect(refusal("Adam", () => Object.assign(group, { lr: 1 }))).toContain("Did you mean learningRate?");
    group.learningRate = 0.5;
    expect({ ...group }.learningRate).toBe(0.5);
  });

  it("copy the lists that they keep", () => {
    const betas: [number, number] = [0.5, 0.5];
    const optimizer = new optim.Adam(parameters(), { betas });
    betas[0] = 2;
    expect(optimizer.groups[0].betas).toEqual([0.5, 0.5]);
  });

  it("refuse results and metrics that are no numbers", () => {
    const plateau = new optim.ReduceOnPlateau(new optim.SGD(parameters()));
    for (const metric of [...wrong, ones([])]) {
      refusal("ReduceOnPlateau.step", () => {
        plateau.step(metric as never);
      });
    }
    const lbfgs = new optim.LBFGS(parameters());
    for (const loss of [undefined, promise]) refusal("LBFGS.step", () => lbfgs.step((() => loss) as never));
    expect(() => new optim.Scheduler(new optim.SGD(parameters()), 3 as never)).toThrow("Pass a schedule");
    expect(() => new optim.Scheduler(new optim.SGD(parameters()), [3] as never)).toThrow("got schedule 3");
  });
});

describe("variables", () => {
  it("of layers are not replaced by tensors in silence", () => {
    const layer = linear();
    const { weight } = layer;
    Object.assign(layer, { weight: ones([4, 4]) });
    const said = refusal("Linear", () => layer.parameters());
    expect(said).toContain("layer.weight.assign(x)");
    expect(refusal("Linear", () => layer.forward(row))).toBe(said);
    // Tied weights, weights that depend on parameters, and no bias are right.
    Object.assign(layer, { weight: new nn.Linear(4, 4).weight, bias: null });
    expect(layer.parameters()).toHaveLength(1);
    Object.assign(layer, { weight: weight.mul(2) });
    layer.forward(row);
  });

  it("refuse assignments to PyTorch's names", () => {
    const [parameter]: object[] = parameters();
    for (const x of [parameter, ones([2])]) {
      for (const name of ["requiresGrad", "requires_grad"]) {
        expect(refusal("Tensor", () => Object.assign(x, { [name]: false }))).toContain("requiresGradient");
      }
    }
  });
});

it("layers copy the lists that they are given", () => {
  const x = ones([1, 2, 6, 6]);
  const [size, stride, padding] = [2, 2, 1].map((value): [number, number] => [value, value]);
  const given = [
    new nn.Conv2d(2, 2, size, { stride, padding }),
    new nn.ConvTranspose2d(2, 2, size, { stride, padding }),
    new nn.MaxPool2d(size, { stride, padding }),
    new nn.AvgPool2d(size, { stride, padding }),
    new nn.AdaptiveAvgPool2d(size),
    new nn.Upsample({ size }),
    new nn.Upsample({ scaleFactor: size }),
    new nn.Unflatten(1, size.slice(0, 1)),
  ] as nn.Layer[];
  const shapes = given.map((layer) => layer.forward(x).shape);
  for (const list of [size, stride, padding]) list.fill(3);
  expect(given.map((layer) => layer.forward(x).shape)).toEqual(shapes);
  const sizes = [1, 2];
  const unflatten = new nn.Unflatten(1, sizes);
  sizes[0] = 2;
  expect(unflatten.forward(x).shape).toEqual([1, 1, 2, 6, 6]);
});

describe("containers", () => {
  it("say how to pass modules", () => {
    const [a, b] = [linear(), linear()];
    const Loose = nn.Sequential as unknown as new (...given: unknown[]) => nn.Module;
    expect(() => new Loose([a, b])).toThrow(
      "Sequential: got [a Linear, a Linear] as module 0; expected a module. Pass layers as arguments: new Sequential(a, b) or new Sequential(...layers)",
    );
    for (const value of [...wrong, 3, nn.ReLU]) refusal("Sequential", () => new Loose(a, value));
    refusal("ModuleList", () => new nn.ModuleList([1] as never));
    refusal("ModuleList", () => new nn.ModuleList([a]).append([b] as never));
    refusal("ModuleDict", () => new nn.ModuleDict({ a: 1 } as never));
    refusal("ModuleDict", () => new nn.ModuleDict([a] as never));
    refusal("ModuleDict", () => new nn.ModuleDict(a as never));
    refusal("ModuleDict", () => new nn.ModuleDict().set(3 as never, a));
    refusal("Residual", () => new nn.Residual(a, 3 as never));
    refusal("TransformerEncoder", () => new nn.TransformerEncoder([a, 3] as never));
    refusal("TransformerEncoder", () => new nn.TransformerEncoder([], { norm: 3 as never }));
  });

  it("pass arrays to the layer that reads them", () => {
    const model = new nn.Sequential(new nn.Embedding(3, 2), new nn.Identity());
    expect(model.forward([0, 2] as never).shape).toEqual([2, 2]);
    class Late extends nn.Module {
      async forward(x: Tensor): Promise<Tensor> {
        return Promise.resolve(x);
      }
    }
    const late = new nn.Sequential(new Late() as never, linear());
    expect(() => late.forward(row as never)).toThrow("A forgotten await?");
  });

  it("leave the inputs of a user's layers alone, also of those that extend a layer", () => {
    class Words extends nn.Embedding {
      override forward(words: unknown): never {
        return super.forward((words as string[]).map((word) => word.length) as never) as never;
      }
    }
    expect((new Words(4, 2).forward(["a", "abc"]) as Tensor).shape).toEqual([2, 2]);
  });
});

describe("training", () => {
  const metrics: Readonly<Record<string, readonly Tensor[]>> = {
    accuracy: [p, classes],
    mae: [p, p],
    mse: [p, p],
  };
  const notMetrics = new Set(
    "barOf confusionMatrix decodeCheckpoint encodeCheckpoint evaluate f1 findLearningRate fit formatSeconds loadCheckpoint paceOf precision predict readRunFolder recall restoreCheckpoint saveCheckpoint showProgress topKAccuracy trainStep".split(
      " ",
    ),
  );

  it("has a row for each metric", () => {
    const names = Object.entries(train).flatMap(([name, value]) =>
      typeof value === "function" && /^[a-z]/.test(name) && !notMetrics.has(name) ? [name] : [],
    );
    expect(Object.keys(metrics).sort()).toEqual(names.sort());
  });

  it.each(Object.entries(metrics))("%s takes tensors and arrays, and nothing else", (name, given) => {
    const call = train[name as keyof typeof train] as unknown as (...given: unknown[]) => Tensor;
    const expected = call(...given).itemSync();
    expect(call(...given.map((x) => x.toArraySync())).itemSync()).toBe(expected);
    given.forEach((_, place) => {
      for (const value of wrong) refusal(name, () => call(...replaced(given, place, value)));
    });
  });

  it("accuracy refuses one logit per item, and says which metric to use", () => {
    const said = refusal("accuracy", () => train.accuracy(ones([2, 1]), classes));
    expect(said).toContain("x.squeeze(1).greater(0).equal(y)");
  });

  it("predict and arrays take arrays", async () => {
    const rows = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ];
    const [model, data] = [linear(), arrays({ x: rows as never, y: [0, 1] as never })];
    const expected = await (await train.predict(model, tensor(rows))).toArray();
    expect(await (await train.predict(model, rows as never)).toArray()).toEqual(expected);
    expect(data.all().x.toArraySync()).toEqual(rows);
  });

  it("predict, evaluate and arrays refuse what is no model, data or loader", async () => {
    const loader = new DataLoader(arrays({ x: row, y: classes }));
    const later = async (name: string, call: Promise<unknown>): Promise<void> => {
      const error: unknown = await call.catch((reason: unknown) => reason);
      refusal(name, () => {
        throw error;
      });
    };
    for (const value of [...wrong, 3]) {
      await later("predict", train.predict(value as never, row));
      if (value !== 3) await later("predict", train.predict(linear(), value as never));
      await later("evaluate", train.evaluate(value as never, loader, { accuracy: train.accuracy }));
      await later("evaluate", train.evaluate(linear(), value as never, {}));
      refusal("outputShape", () => nn.outputShape(value as never, [2, 4]));
      refusal("summary", () => nn.summary(value as never, [2, 4]));
      refusal("arrays", () => arrays(value as never));
      if (value !== null) refusal("arrays", () => arrays({ x: value as never }));
    }
    refusal("arrays", () => arrays([row] as never));
    refusal("arrays", () => arrays(row as never));
  });
});

describe("functions of autograd", () => {
  const x = ones([], { dtype: "float64" });
  const f = (y: Tensor) => y;
  type Differentiate = (f: never) => (x: Tensor) => unknown;
  /** Calls with a function that is differentiated. */
  const calls: Readonly<Record<string, (f: never) => unknown>> = {
    grad: (f) => autograd.grad(f)(x),
    valueAndGrad: (f) => autograd.valueAndGrad(f)(x),
    jacobian: (f) => (autograd.jacobian as Differentiate)(f)(x),
    hessian: (f) => (autograd.hessian as Differentiate)(f)(x),
    jvp: (f) => autograd.jvp(f, [x], [x]),
    hvp: (f) => autograd.hvp(f, [x], [x]),
    vjp: (f) => autograd.vjp(f, x),
    checkGradient: (f) => autograd.checkGradient(f, [x]),
    customFunction: (f) => autograd.customFunction(f, (g) => [g])(x),
    rematerialize: (f) => autograd.rematerialize(f)(x),
  };

  it.each(Object.entries(calls))("%s refuses what is no function, and async functions", (name, call) => {
    call(f as never);
    const called = name === "valueAndGrad" ? "grad" : name;
    for (const value of [undefined, promise, 3, x]) refusal(called, () => call(value as never));
    const inner = name === "hessian" ? "grad" : called;
    for (const result of [undefined, 3, "x"]) refusal(inner, () => call((() => result) as never));
    const said = refusal(inner, () => call((async (y: Tensor) => Promise.resolve(y)) as never));
    expect(said).toMatch(/promise.*(cannot be async|forgotten await)/);
  });

  it("refuse gradients that are none", () => {
    for (const result of [promise, undefined, [undefined], [promise], ["x"], 3]) {
      const custom = autograd.customFunction(f, (() => result) as never);
      refusal("customFunction", () => autograd.grad(custom)(x));
    }
    const watched = (hook: unknown) => autograd.grad((y: Tensor) => autograd.onGradient(y, hook as never))(x);
    refusal("onGradient", () => watched(3));
    refusal("onGradient", () => watched(() => promise));
    refusal("checkGradient", () => autograd.checkGradient(f, x as never));
  });
});
