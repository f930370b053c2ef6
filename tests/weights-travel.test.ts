import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Parameter } from "@stargrad/autograd";
import { decodeSafetensors, encodeSafetensors } from "@stargrad/io";
import * as nn from "@stargrad/nn";
import { Tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

// Weights can be exchanged between PyTorch and Stargrad, with PyTorch's names and files. golden/weights.py wrote the files that these
// tests read, and loaded the bytes that Stargrad must write with PyTorch itself.

const folder = join(import.meta.dirname, "golden", "weights");

const read = (name: string) => decodeSafetensors(readFileSync(join(folder, `${name}.safetensors`))).tensors;

const hashes = JSON.parse(readFileSync(join(folder, "weights.json"), "utf8")) as Record<string, string>;

const calls = read("calls");

class Tied extends nn.Module {
  readonly embedding = new nn.Embedding(7, 4, { paddingIdx: 0 });
  readonly head = new nn.Linear(4, 7, { bias: false });

  constructor() {
    super();
    Object.assign(this.head, { weight: this.embedding.weight });
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(this.embedding.forward(x));
  }
}

class Network extends nn.Module {
  readonly scale = new Parameter(zeros([3]));
  readonly features = new nn.Sequential(
    new nn.Conv2d(2, 3, 3, { bias: false }),
    new nn.BatchNorm2d(3),
    new nn.PReLU({ numParameters: 3 }),
    new nn.Flatten(),
  );
  readonly blocks = [new nn.Linear(18, 5), new nn.Linear(5, 5)];
  readonly heads = new nn.ModuleDict({ kind: new nn.Linear(5, 2), place: new nn.Linear(5, 3) });

  forward(x: Tensor): Tensor[] {
    const features = this.features.forward(x.mul(this.scale.select(0, 0)));
    const h = this.blocks.reduce((y, block) => block.forward(y).relu(), features);
    return [this.heads.get("kind").forward(h), this.heads.get("place").forward(h)];
  }
}

const models: Record<string, () => nn.Module> = {
  linear: () => new nn.Linear(5, 3),
  bilinear: () => new nn.Bilinear(3, 4, 2),
  conv1d: () => new nn.Conv1d(4, 6, 3, { groups: 2 }),
  conv2d: () => new nn.Conv2d(3, 4, [3, 2], { padding: 1 }),
  conv3d: () => new nn.Conv3d(2, 3, 2),
  "conv-transpose1d": () => new nn.ConvTranspose1d(4, 6, 3, { groups: 2, stride: 2 }),
  "conv-transpose2d": () => new nn.ConvTranspose2d(3, 2, 3, { padding: 1, bias: false }),
  "conv-transpose3d": () => new nn.ConvTranspose3d(2, 3, 2),
  "batch-norm1d": () => new nn.BatchNorm1d(3),
  "batch-norm2d": () => new nn.BatchNorm2d(3, { momentum: null }),
  "instance-norm2d": () => new nn.InstanceNorm2d(3, { affine: true, trackRunningStats: true }),
  "group-norm": () => new nn.GroupNorm(2, 4),
  "layer-norm": () => new nn.LayerNorm([3, 4]),
  "rms-norm": () => new nn.RMSNorm(4),
  rnn: () => new nn.RNN(3, 4, { numLayers: 2, nonlinearity: "relu" }),
  gru: () => new nn.GRU(3, 4, { bidirectional: true, batchFirst: true }),
  lstm: () => new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true }),
  attention: () => new nn.MultiheadAttention(6, 2),
  "cross-attention": () => new nn.MultiheadAttention(6, 3, { kdim: 4, vdim: 5 }),
  encoder() {
    const layers = [1, 2].map(
      () => new nn.TransformerEncoderLayer(6, 2, { dimFeedforward: 5, normFirst: true }),
    );
    return new nn.TransformerEncoder(layers, { norm: new nn.LayerNorm(6) });
  },
  decoder() {
    const layers = [1, 2].map(() => new nn.TransformerDecoderLayer(6, 3, { dimFeedforward: 5 }));
    return new nn.TransformerDecoder(layers);
  },
  tied: () => new Tied(),
  network: () => new Network(),
  "rnn-cell": () => new nn.RNNCell(3, 4),
  "gru-cell": () => new nn.GRUCell(3, 4),
  "lstm-cell": () => new nn.LSTMCell(3, 4),
};

/** The inputs or outputs of a call of a model in PyTorch. */
function tensorsOf(name: string, kind: "input" | "output"): Tensor[] {
  return [...calls].filter(([key]) => key.startsWith(`${name}.${kind}.`)).map(([, value]) => value);
}

function flat(outputs: unknown): Tensor[] {
  if (outputs instanceof Tensor) return [outputs as Tensor];
  return typeof outputs === "object" && outputs !== null ? Object.values(outputs).flatMap(flat) : [];
}

describe.each(Object.entries(models))("the weights of PyTorch's %s", (name, make) => {
  it("are loaded strictly and give PyTorch's outputs", () => {
    const model = make();
    model.loadStateDict(read(name));
    model.eval();
    const outputs = flat(model.forward(...(tensorsOf(name, "input") as never[])));
    const expected = tensorsOf(name, "output");
    expect(outputs.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
    for (const [i, output] of outputs.entries()) {
      const wanted = expected[i].dataSync();
      for (const [k, value] of output.dataSync().entries()) {
        expect(Math.abs(value - wanted[k])).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted[k])));
      }
    }
  });

  it("are written as the bytes that PyTorch loads", async () => {
    const model = make();
    model.loadStateDict(read(name));
    const bytes = await encodeSafetensors(model.stateDict());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(hashes[name]);
  });

  it("do not fit other models", () => {
    const state = read(name);
    const [[first, value]] = state;
    state.delete(first);
    state.set(`${first}_`, value);
    expect(() => {
      make().loadStateDict(state);
    }).toThrow(new RegExp(`missing: ${first}\\n +unexpected: ${first}_`));
    const [[other]] = read(name);
    const mismatch = new Map([...read(name), [other, zeros([1, 1, 9])]]);
    expect(() => {
      make().loadStateDict(mismatch);
    }).toThrow(`${other}: got float32 [1, 1, 9]; expected `);
  });
});

it("covers every layer with weights", () => {
  const travelled = new Set<unknown>(
    Object.values(models).flatMap((make) =>
      make()
        .modules()
        .map((module) => module.constructor),
    ),
  );
  const others = Object.entries(nn)
    .filter(([, exported]) => typeof exported === "function" && exported.prototype instanceof nn.Module)
    .filter(([, layer]) => !travelled.has(layer))
    .map(([name]) => name);
  // These layers have no weights. A layer with weights needs a row in tests/golden/weights.py and in `models` here; for one without,
  // run this test with -u.
  expect(others.sort().join(" ")).toMatchInlineSnapshot(
    `"AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool1d AdaptiveMaxPool2d AvgPool1d AvgPool2d Dropout2d ELU GELU GLU Hardtanh Identity LeakyReLU LogSoftmax MaxPool1d MaxPool2d Mish ModuleList PixelShuffle ReLU Residual RotaryEmbedding SELU SiLU Sigmoid Softmax Softplus Tanh Unflatten Upsample"`,
  );
});

it("the file contains one model after the other", () => {
  expect(Object.keys(hashes)).toEqual(Object.keys(models));
});
