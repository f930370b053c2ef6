import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as autograd from "@stargrad/autograd";
import * as datasets from "@stargrad/datasets";
import * as explain from "@stargrad/explain";
import * as io from "@stargrad/io";
import * as jit from "@stargrad/jit";
import * as nn from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import { ArgumentError, Generator, ones, tensor, zeros, type Tensor } from "@stargrad/tensor";
import * as train from "@stargrad/train";
import * as wasm from "@stargrad/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/*
 * Every exported function and class with options refuses an option that it does not have, and a value where its options belong.
 * An export that is neither in `calls` nor in `withoutOptions` fails: add it to one of them. @stargrad/tensor has its own test.
 */

const packages = { autograd, datasets, explain, io, jit, nn, optim, train, wasm };

/** A call with the given options, and the options that it requires. */
interface Call {
  readonly call: (options: never) => unknown;
  readonly required?: () => object;
}

const folder = mkdtempSync(join(tmpdir(), "options-"));
/** A grey PNG of one pixel. */
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
  "base64",
);
const parquet = () =>
  new Blob([
    readFileSync(new URL("../packages/datasets/golden/parquet/long-numbers.parquet", import.meta.url)),
  ]);
beforeAll(() => {
  mkdirSync(join(folder, "pets", "cat"), { recursive: true });
  writeFileSync(join(folder, "pets", "cat", "a.png"), picture);
  writeFileSync(join(folder, "a.idx"), datasets.encodeIdx({ shape: [1], data: Uint8Array.of(1) }));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const parameters = () => [new autograd.Parameter(ones([2, 2]))];
const x = ones([2, 3]);
const image = ones([1, 2, 4, 4]);
const sequence = ones([3, 1, 2]);
const classes = tensor([0, 1], { dtype: "int32" });
const model = () => new nn.Linear(3, 2);
const loader = () => new datasets.DataLoader(datasets.arrays({ x, y: classes }));
const training = () => {
  const trained = model();
  return {
    model: trained,
    optimizer: new optim.SGD(trained.parameters()),
    loss: nn.crossEntropy,
    loader: loader(),
    epochs: 1,
  };
};
const update = () => ({ parameters: new Map([["w", parameters()[0]]]), loss: () => ones([]), step: () => 0 });
const square = (input: Tensor) => input.square().sum();

/** Constructs a class of nn with arguments before the options. */
function layers(named: Readonly<Record<string, readonly unknown[]>>): Record<string, Call> {
  return Object.fromEntries(
    Object.entries(named).map(([name, values]) => {
      const Layer = nn[name as keyof typeof nn] as unknown as new (...values: unknown[]) => unknown;
      return [`nn.${name}`, { call: (options: never) => new Layer(...values, options) }];
    }),
  );
}

const calls: Readonly<Record<string, Call>> = {
  ...layers({
    AdaptiveAvgPool1d: [2],
    AdaptiveAvgPool2d: [2],
    AdaptiveMaxPool1d: [2],
    AdaptiveMaxPool2d: [2],
    AvgPool1d: [2],
    AvgPool2d: [2],
    BatchNorm1d: [2],
    BatchNorm2d: [2],
    Bilinear: [2, 3, 4],
    Conv1d: [2, 3, 3],
    Conv2d: [2, 3, 3],
    Conv3d: [2, 3, 3],
    ConvTranspose1d: [2, 3, 3],
    ConvTranspose2d: [2, 3, 3],
    ConvTranspose3d: [2, 3, 3],
    Dropout: [0.5],
    Dropout2d: [0.5],
    ELU: [],
    Embedding: [5, 2],
    Flatten: [],
    GELU: [],
    GLU: [],
    GRU: [2, 3],
    GRUCell: [2, 3],
    GroupNorm: [2, 4],
    Hardtanh: [],
    Identity: [],
    InstanceNorm2d: [2],
    LSTM: [2, 3],
    LSTMCell: [2, 3],
    LayerNorm: [2],
    LeakyReLU: [],
    Linear: [2, 3],
    LogSoftmax: [],
    MaxPool1d: [2],
    MaxPool2d: [2],
    Mish: [],
    MultiheadAttention: [4, 2],
    PReLU: [],
    PixelShuffle: [2],
    RMSNorm: [2],
    RNN: [2, 3],
    RNNCell: [2, 3],
    ReLU: [],
    RotaryEmbedding: [4],
    SELU: [],
    SiLU: [],
    Sigmoid: [],
    Softmax: [],
    Softplus: [],
    Tanh: [],
    TransformerDecoder: [[]],
    TransformerDecoderLayer: [4, 2],
    TransformerEncoder: [[]],
    TransformerEncoderLayer: [4, 2],
    Unflatten: [1, [2, 2]],
  }),
  "nn.Upsample": { call: (options) => new nn.Upsample(options), required: () => ({ size: 4 }) },
  "nn.binaryCrossEntropy": { call: (options) => nn.binaryCrossEntropy(x, x, options) },
  "nn.binaryCrossEntropyWithLogits": { call: (options) => nn.binaryCrossEntropyWithLogits(x, x, options) },
  "nn.cosineEmbeddingLoss": { call: (options) => nn.cosineEmbeddingLoss(x, x, ones([2]), options) },
  "nn.crossEntropy": { call: (options) => nn.crossEntropy(x, classes, options) },
  "nn.ctcLoss": { call: (options) => nn.ctcLoss(sequence, tensor([[1]], { dtype: "int32" }), options) },
  "nn.hingeEmbeddingLoss": { call: (options) => nn.hingeEmbeddingLoss(x, x, options) },
  "nn.huberLoss": { call: (options) => nn.huberLoss(x, x, options) },
  "nn.klDivLoss": { call: (options) => nn.klDivLoss(x, x, options) },
  "nn.l1Loss": { call: (options) => nn.l1Loss(x, x, options) },
  "nn.mseLoss": { call: (options) => nn.mseLoss(x, x, options) },
  "nn.nllLoss": { call: (options) => nn.nllLoss(x, classes, options) },
  "nn.smoothL1Loss": { call: (options) => nn.smoothL1Loss(x, x, options) },
  "nn.tripletMarginLoss": { call: (options) => nn.tripletMarginLoss(x, x, x, options) },
  "nn.scaledDotProductAttention": { call: (options) => nn.scaledDotProductAttention(x, x, x, options) },
  "nn.outputShape": { call: (options) => nn.outputShape(model(), x, options) },
  "nn.summary": { call: (options) => nn.summary(model(), x, options) },
  "nn.init.calculateGain": { call: (options) => nn.init.calculateGain("relu", options) },
  "nn.init.dirac": { call: (options) => nn.init.dirac([2, 2, 3], options) },
  "nn.init.eye": { call: (options) => nn.init.eye([2, 2], options) },
  "nn.init.fanInUniform": { call: (options) => nn.init.fanInUniform([2, 2], 2, options) },
  "nn.init.kaimingNormal": { call: (options) => nn.init.kaimingNormal([2, 2], options) },
  "nn.init.kaimingUniform": { call: (options) => nn.init.kaimingUniform([2, 2], options) },
  "nn.init.orthogonal": { call: (options) => nn.init.orthogonal([2, 2], options) },
  "nn.init.sparse": {
    call: (options) => nn.init.sparse([2, 2], options),
    required: () => ({ sparsity: 0.5 }),
  },
  "nn.init.truncNormal": { call: (options) => nn.init.truncNormal([2, 2], options) },
  "nn.init.xavierNormal": { call: (options) => nn.init.xavierNormal([2, 2], options) },
  "nn.init.xavierUniform": { call: (options) => nn.init.xavierUniform([2, 2], options) },
  // Calls of layers that have further inputs by name.
  "nn.GRU forward": { call: (options) => new nn.GRU(2, 3).forward(sequence, options) },
  "nn.LSTM forward": { call: (options) => new nn.LSTM(2, 3).forward(sequence, options) },
  "nn.RNN forward": { call: (options) => new nn.RNN(2, 3).forward(sequence, options) },
  "nn.GRUCell forward": { call: (options) => new nn.GRUCell(3, 3).forward(x, options) },
  "nn.LSTMCell forward": { call: (options) => new nn.LSTMCell(3, 3).forward(x, options) },
  "nn.RNNCell forward": { call: (options) => new nn.RNNCell(3, 3).forward(x, options) },
  "nn.MultiheadAttention forward": {
    call: (options) => new nn.MultiheadAttention(2, 1).forward(sequence, sequence, sequence, options),
  },
  "nn.RotaryEmbedding forward": {
    call: (options) => new nn.RotaryEmbedding(4).forward(image, options),
  },
  "nn.TransformerDecoderLayer forward": {
    call: (options) => new nn.TransformerDecoderLayer(2, 1).forward(sequence, sequence, options),
  },
  "nn.TransformerEncoderLayer forward": {
    call: (options) => new nn.TransformerEncoderLayer(2, 1).forward(sequence, options),
  },
  ...Object.fromEntries(
    (
      [
        "Adadelta",
        "Adagrad",
        "Adam",
        "AdamW",
        "Adamax",
        "Lamb",
        "Lion",
        "Muon",
        "NAdam",
        "RAdam",
        "RMSprop",
        "SGD",
      ] as const
    ).map((name) => [`optim.${name}`, { call: (options: never) => new optim[name](parameters(), options) }]),
  ),
  "optim.EMA": { call: (options) => new optim.EMA(parameters(), options) },
  "optim.LBFGS": { call: (options) => new optim.LBFGS(parameters(), options) },
  "optim.ReduceOnPlateau": {
    call: (options) => new optim.ReduceOnPlateau(new optim.SGD(parameters()), options),
  },
  "optim.clipGradNorm": { call: (options) => optim.clipGradNorm(parameters(), 1, options) },
  "optim.schedules.cosine": { call: optim.schedules.cosine, required: () => ({ steps: 3 }) },
  "optim.schedules.cosineWithRestarts": {
    call: optim.schedules.cosineWithRestarts,
    required: () => ({ period: 3 }),
  },
  "optim.schedules.cyclic": { call: optim.schedules.cyclic, required: () => ({ climb: 3, minimum: 0.1 }) },
  "optim.schedules.exponential": { call: optim.schedules.exponential, required: () => ({ gamma: 0.5 }) },
  "optim.schedules.multiStep": { call: optim.schedules.multiStep, required: () => ({ milestones: [2] }) },
  "optim.schedules.oneCycle": { call: optim.schedules.oneCycle, required: () => ({ steps: 30 }) },
  "optim.schedules.polynomial": { call: optim.schedules.polynomial, required: () => ({ steps: 3 }) },
  "optim.schedules.step": { call: optim.schedules.step, required: () => ({ size: 3 }) },
  "optim.schedules.warmUp": { call: optim.schedules.warmUp, required: () => ({ steps: 3 }) },
  "autograd.Buffer": { call: (options) => new autograd.Buffer(x, options) },
  "autograd.Parameter": { call: (options) => new autograd.Parameter(x, options) },
  "autograd.checkGradient": {
    call: (options) => autograd.checkGradient(square, [x.cast("float64")], options),
  },
  "autograd.grad": { call: (options) => autograd.grad(square, options)(x) },
  "autograd.hessian": { call: (options) => autograd.hessian(square, options)(x) },
  "autograd.jacobian": { call: (options) => autograd.jacobian(square, options)(x) },
  "autograd.valueAndGrad": { call: (options) => autograd.valueAndGrad(square, options)(x) },
  "datasets.DataLoader": { call: (options) => new datasets.DataLoader(datasets.arrays({ x }), options) },
  "datasets.balancedSampler": { call: (options) => datasets.balancedSampler([0, 1], options) },
  "datasets.distributedSampler": {
    call: (options) => datasets.distributedSampler(3, options),
    required: () => ({ rank: 0, replicas: 2 }),
  },
  "datasets.weightedSampler": { call: (options) => datasets.weightedSampler([1, 2], options) },
  "datasets.blobs": { call: datasets.blobs },
  "datasets.catOrDog": { call: datasets.catOrDog, required: () => ({ animal: "cat" }) },
  "datasets.catsAndDogs": { call: datasets.catsAndDogs },
  "datasets.circles": { call: datasets.circles },
  "datasets.decodeImage": { call: (options) => datasets.decodeImage(picture, options) },
  "datasets.decodeIdx": {
    call: (options) =>
      datasets.decodeIdx(datasets.encodeIdx({ shape: [1], data: Uint8Array.of(1) }), options),
  },
  "datasets.downloadDataset": { call: (options) => datasets.downloadDataset("mnist", options) },
  "datasets.digits": {
    call: datasets.digits,
    required: () => ({ directory: folder, split: "test" }),
  },
  "datasets.imageFolder": {
    call: (options) => datasets.imageFolder(join(folder, "pets"), options),
    required: () => ({ size: 2 }),
  },
  "datasets.itemDataset": { call: (options) => datasets.itemDataset([1], options) },
  "datasets.padSequences": { call: (options) => datasets.padSequences([[1]], options) },
  "datasets.streamBatches": { call: (options) => datasets.streamBatches([1], options) },
  "datasets.linear": { call: datasets.linear },
  "datasets.mapDataset": {
    call: (options) => datasets.mapDataset(datasets.arrays({ x }), (batch) => batch, options),
  },
  "datasets.moons": { call: datasets.moons },
  "datasets.BytePairTokenizer train": {
    call: (options) => datasets.BytePairTokenizer.train("a", options),
    required: () => ({ vocabularySize: 256 }),
  },
  "datasets.cifar10": { call: datasets.cifar10, required: () => ({ files: [], split: "test" }) },
  "datasets.cifar100": { call: datasets.cifar100, required: () => ({ files: [], split: "test" }) },
  "datasets.logMelSpectrogram": {
    call: (options) => datasets.logMelSpectrogram(ones([500]), options),
    required: () => ({ sampleRate: 8000 }),
  },
  "datasets.parseJsonLines": { call: (options) => datasets.parseJsonLines('{"a":1}', options) },
  "datasets.readJsonLines": {
    call: (options) => datasets.readJsonLines(new Blob(['{"a":1}']), options),
  },
  "datasets.parseCsv": { call: (options) => datasets.parseCsv("a\n1", options) },
  "datasets.cutmix": {
    call: (options) => datasets.cutmix({ x: image, y: ones([1, 2]) }, options),
    required: () => ({ generators: [new Generator(1)] }),
  },
  "datasets.mixup": {
    call: (options) => datasets.mixup({ x: image, y: ones([1, 2]) }, options),
    required: () => ({ generators: [new Generator(0)] }),
  },
  "datasets.normalize": {
    call: (options) => datasets.normalize(image, options),
    required: () => ({ mean: 0, std: 1 }),
  },
  ...Object.fromEntries(
    (["colorJitter", "randomAffine", "randomCrop", "randomErase", "randomFlip"] as const).map((name) => [
      `datasets.${name}`,
      {
        call: (options: never) => datasets[name](image, options),
        required: () => ({ generators: [new Generator(0)] }),
      },
    ]),
  ),
  "datasets.randomSampler": {
    call: (options) => datasets.randomSampler(3, options),
    required: () => ({ draws: 2 }),
  },
  "datasets.rasterize": { call: (options) => datasets.rasterize([], options) },
  "datasets.readImage": { call: (options) => datasets.readImage(join(folder, "pets/cat/a.png"), options) },
  "datasets.readParquet": { call: (options) => datasets.readParquet(parquet(), options) },
  "datasets.streamParquet": { call: (options) => datasets.streamParquet(parquet(), options).next() },
  "datasets.readCsv": { call: (options) => datasets.readCsv(new Blob(["a\n1"]), options) },
  "datasets.readIdx": { call: (options) => datasets.readIdx(join(folder, "a.idx"), options) },
  "datasets.resize": {
    call: (options) => datasets.resize(ones([2, 2]), options),
    required: () => ({ size: 1 }),
  },
  "datasets.spirals": { call: datasets.spirals },
  "datasets.splitTokens": { call: (options) => datasets.splitTokens(Int32Array.of(1, 2), options) },
  "datasets.splitDataset": { call: (options) => datasets.splitDataset(datasets.arrays({ x }), [1], options) },
  "datasets.starCorners": { call: datasets.starCorners },
  "datasets.starPixels": { call: datasets.starPixels },
  "datasets.starStrokes": { call: datasets.starStrokes },
  "datasets.stratifiedSplit": {
    call: (options) => datasets.stratifiedSplit(datasets.arrays({ x }), [0, 0], [1], options),
  },
  "datasets.textWindows": {
    call: (options) => datasets.textWindows(Int32Array.of(1, 2, 3), options),
    required: () => ({ length: 2 }),
  },
  "datasets.wobblyStart": { call: datasets.wobblyStart, required: () => ({ seed: 1 }) },
  "datasets.xor": { call: datasets.xor },
  "explain.attributeThroughLayers": {
    call: (options) => explain.attributeThroughLayers([], x, square, options),
  },
  "explain.explainStep": { call: (options) => explain.explainStep(update(), options) },
  "explain.integratedGradients": { call: (options) => explain.integratedGradients(square, x, options) },
  "explain.proveIt": {
    call: (options) => explain.proveIt(parameters()[0], [0, 0], options),
    required: () => ({ loss: () => ones([]) }),
  },
  "explain.watchStep": { call: (options) => explain.watchStep(update(), options) },
  "explain.watchStep update": { call: (given) => explain.watchStep(given), required: update },
  "train.SummaryWriter": {
    call: (options) => {
      new train.SummaryWriter(folder, options).close();
    },
  },
  "train.encodeCheckpoint": { call: train.encodeCheckpoint, required: () => ({ model: model() }) },
  "train.fit": { call: train.fit, required: training },
  "train.RunFolder": {
    call: async (options) => {
      await (await train.RunFolder.open(join(folder, "run"), options)).close();
    },
  },
  "train.predict": { call: (options) => train.predict(model(), x, options) },
  "train.restoreCheckpoint": {
    call: (options) => {
      const state = { model: model().stateDict(), optimizer: null, loader: null };
      const none = { states: new Map(), run: null, generators: new Map(), metadata: {} };
      train.restoreCheckpoint({ ...state, ...none }, options);
    },
    required: () => ({ model: model() }),
  },
  "train.saveCheckpoint": {
    call: (options) => train.saveCheckpoint(join(folder, "a.safetensors"), options),
    required: () => ({ model: model() }),
  },
  "train.confusionMatrix": { call: (options) => train.confusionMatrix(x.narrow(0, 0, 2), classes, options) },
  "train.findLearningRate": { call: train.findLearningRate, required: training },
  "train.paceOf": { call: train.paceOf, required: () => ({ done: 1, total: 2, seconds: 1 }) },
  "train.showProgress": {
    call: (options) => train.showProgress(train.fit(training()), options),
    required: () => ({ write: () => undefined }),
  },
  "train.f1": { call: train.f1 },
  "train.precision": { call: train.precision },
  "train.recall": { call: train.recall },
  "train.topKAccuracy": { call: train.topKAccuracy },
  "train.EpochMetric": {
    call: (options) => new train.EpochMetric(options),
    required: () => ({ statistics: square, add: () => undefined, value: () => 0 }),
  },
  "train.trainStep": {
    call: train.trainStep,
    required: () => {
      const { model: trained, optimizer } = training();
      return { model: trained, optimizer, loss: () => ({ loss: zeros([]) }) };
    },
  },
  "wasm.WasmEngine": {
    call: (options) => {
      new wasm.WasmEngine(options).dispose();
    },
  },
};

const containers = "takes modules and no options";
const errors = "is an error";
const result = "is made by another function, not by users";
const functions = "takes functions and tensors, and no options";
const views = "takes datasets";
const bytes = "takes a path or bytes, and what is written";

/** Why an exported function or class is not in `calls`. */
const withoutOptions: Readonly<Record<string, string>> = {
  "autograd.AnomalyError": errors,
  "autograd.GradientError": errors,
  "autograd.StaleValueError": errors,
  "autograd.GradientReport": result,
  "autograd.Variable": "is abstract",
  "autograd.assignAll": functions,
  "autograd.assignAlong": functions,
  "autograd.backward": functions,
  "autograd.customFunction": functions,
  "autograd.detach": functions,
  "autograd.detectAnomaly": functions,
  "autograd.hvp": functions,
  "autograd.jvp": functions,
  "autograd.onGradient": functions,
  "autograd.rematerialize": functions,
  "autograd.vjp": functions,
  "datasets.ImageFolder": result,
  "datasets.BytePairTokenizer": "is made by train, fromJson and readTokenizer, not by users",
  "datasets.WordPieceTokenizer": "is made by fromJson and readTokenizer, not by users",
  "datasets.Table": result,
  "datasets.Vocabulary": "takes a text",
  "datasets.arrays": "takes fields of any name",
  "datasets.cacheDataset": views,
  "datasets.collate": "takes items",
  "datasets.concatDatasets": views,
  "datasets.filterDataset": views,
  "datasets.subset": views,
  "datasets.OneHotEncoder": "takes labels",
  "datasets.Standardizer": "takes its saved state",
  "datasets.affine": "takes tensors",
  "datasets.fitStandardizer": views,
  "datasets.encodeIdx": "takes an array",
  "datasets.decodeCifar": bytes,
  "datasets.decodeWav": bytes,
  "datasets.readWav": bytes,
  "datasets.readTokenizer": bytes,
  "datasets.encodePng": "takes a tensor",
  "datasets.readText": bytes,
  "datasets.serveDataset": "takes a dataset, and works in a worker",
  "datasets.strokeCorners": "takes strokes",
  "explain.StepExplanation": result,
  "explain.describeStep": "takes an explanation",
  "explain.describeWeight": "takes an explanation",
  "explain.gradientTimesInput": functions,
  "io.FormatError": errors,
  "io.decodeNpy": bytes,
  "io.decodeSafetensors": bytes,
  "io.encodeNpy": bytes,
  "io.encodeSafetensors": bytes,
  "io.decodeUtf8": bytes,
  "io.lockFile": bytes,
  "io.readFileBytes": bytes,
  "io.readNpy": bytes,
  "io.readSafetensors": bytes,
  "io.writeFileAtomically": bytes,
  "io.writeNpy": bytes,
  "io.writeSafetensors": bytes,
  "io.decodeNpz": bytes,
  "io.encodeNpz": bytes,
  "io.readNpz": bytes,
  "io.writeNpz": bytes,
  "io.decodePyTorch": bytes,
  "io.readPyTorch": bytes,
  "io.openSafetensors": bytes,
  "io.SafetensorsFile": bytes,
  "jit.jit": functions,
  "nn.Module": "is abstract; packages/nn/src/module.test.ts tests the options of a user's own layer",
  "nn.ModuleDict": containers,
  "nn.ModuleList": containers,
  "nn.Residual": containers,
  "nn.Sequential": containers,
  "nn.Summary": result,
  "nn.init.constant": "is a function of @stargrad/tensor",
  "nn.init.normal": "is a function of @stargrad/tensor",
  "nn.init.ones": "is a function of @stargrad/tensor",
  "nn.init.uniform": "is a function of @stargrad/tensor",
  "nn.init.zeros": "is a function of @stargrad/tensor",
  "nn.init.fanIn": "takes a shape",
  "nn.init.fanOut": "takes a shape",
  "optim.Optimizer": "is abstract",
  "optim.Scheduler": "takes an optimizer and schedules",
  "optim.clipGradValue": "takes a number",
  "optim.schedules.constant": "takes a number",
  "optim.schedules.sequential": "takes lists",
  "train.CsvLog": bytes,
  "train.JsonLinesLog": bytes,
  "train.RunningMean": "takes nothing",
  "train.accuracy": "takes tensors",
  "train.barOf": "takes numbers",
  "train.formatSeconds": "takes a number",
  "train.mae": "takes tensors",
  "train.mse": "takes tensors",
  "train.evaluate": "takes metrics of any name",
  "train.decodeCheckpoint": bytes,
  "train.loadCheckpoint": bytes,
  "train.readRunFolder": bytes,
};

/** The functions and classes that a package exports, also in its namespaces, `nn.init.eye`. */
function callableIn(exported: object, path: string): string[] {
  return Object.entries(exported).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === "function") return [`${path}.${name}`];
    const isNamespace = Object.prototype.toString.call(value) === "[object Module]";
    return isNamespace ? callableIn(value as object, `${path}.${name}`) : [];
  });
}

/** The message of the error that a call throws, at once or later; null if it throws none. */
async function messageOf(call: () => unknown): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return error instanceof ArgumentError ? error.message : `not an ArgumentError: ${String(error)}`;
  }
}

it("every export either takes options or has a reason to take none", () => {
  const exported = Object.entries(packages).flatMap(([name, content]) => callableIn(content, name));
  const listed = [
    ...Object.keys(calls).filter((name) => !name.includes(" ")),
    ...Object.keys(withoutOptions),
  ];
  expect(listed.sort()).toEqual(exported.sort());
});

describe.each(Object.entries(calls))("%s", (_, { call, required = () => ({}) }) => {
  const withOptions = (options: unknown) => messageOf(() => call(options as never));

  it("refuses a value where its options belong", async () => {
    expect((await withOptions(required())) ?? "").not.toMatch(/unknown option|options belong/);
    for (const value of [3, true, false, "sum", [1], null, x, new Map()]) {
      expect(await withOptions(value)).toContain("where its options belong; expected");
    }
  });

  it("refuses an option that it does not have, and names the nearest", async () => {
    const message = await withOptions({ ...required(), zzzzzz: 1 });
    expect(message).toContain("got the unknown option zzzzzz; expected ");
    const known = message!.split("; expected ")[1].split(", ");
    for (const name of known.filter((each) => each !== "no options")) {
      const misspelt = await withOptions({ ...required(), [name.toUpperCase()]: 1 });
      expect(misspelt).toContain(`got the unknown option ${name.toUpperCase()}; expected`);
      expect(misspelt).toContain(`Did you mean ${name}?`);
    }
  });
});
