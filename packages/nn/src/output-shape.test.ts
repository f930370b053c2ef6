import { Buffer } from "@stargrad/autograd";
import {
  getEngine,
  referenceEngine,
  setEngine,
  Tensor,
  zeros,
  type DType,
  type Shape,
} from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import * as nn from "./index.js";

const engine = getEngine();

// Shapes do not depend on the engine, and one that compiles would compile every shape that is drawn.
beforeEach(() => {
  setEngine(referenceEngine);
});

afterEach(() => {
  setEngine(engine);
});

/** Makes every program fail, to detect computations. */
function computingNothing<T>(f: () => T): T {
  const before = getEngine();
  setEngine({
    name: "forbidden",
    capabilities: engine.capabilities,
    prepare() {
      throw new Error("something was computed");
    },
  });
  try {
    return f();
  } finally {
    setEngine(before);
  }
}

/** A whole number from least to most. */
type Draw = (least: number, most: number) => number;

/** A layer, the shapes of inputs that it takes, what its documentation says it returns, and shapes that it refuses. */
interface Row {
  readonly layer: nn.Module;
  readonly inputs: readonly Shape[];
  readonly output: unknown;
  /** Null for a layer that takes all shapes. */
  readonly refused: readonly Shape[] | null;
  readonly dtype?: DType;
}

/** A shape of `least` to 4 axes, each of at least 1. */
function shapeOf(draw: Draw, least = 0): number[] {
  return Array.from({ length: draw(least, 4) }, () => draw(1, 4));
}

/** Layers that take all shapes and keep them. */
function keeping(make: () => nn.Module): (draw: Draw) => Row {
  return (draw) => {
    const shape = shapeOf(draw);
    return { layer: make(), inputs: [shape], output: shape, refused: null };
  };
}

/** How many windows there are along an axis, by PyTorch's formula. */
function windowCount(length: number, { kernel, stride, padding, dilation }: Windows): number {
  return Math.floor((length + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1);
}

interface Windows {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

function windowsOf(draw: Draw, mostDilation = 2): Windows {
  const kernel = draw(1, 3);
  return {
    kernel,
    stride: draw(1, 3),
    padding: draw(0, Math.floor(kernel / 2)),
    dilation: draw(1, mostDilation),
  };
}

/** Axes that are long enough for a window, and perhaps a batch before the channels. */
function spatialOf(draw: Draw, rank: number): { readonly batch: number[]; readonly axes: number[] } {
  return {
    batch: draw(0, 1) === 0 ? [] : [draw(1, 3)],
    axes: Array.from({ length: rank }, () => draw(6, 9)),
  };
}

type Convolution = new (
  inChannels: number,
  outChannels: number,
  kernel: never,
  options?: object,
) => nn.Module;

function convolution(layer: Convolution, rank: number): (draw: Draw) => Row {
  return (draw) => {
    const [groups, windows] = [draw(1, 2), windowsOf(draw)];
    const [channels, out] = [groups * draw(1, 2), groups * draw(1, 2)];
    const { kernel, ...options } = windows;
    const { batch, axes } = spatialOf(draw, rank);
    return {
      layer: new layer(channels, out, kernel as never, { ...options, groups }),
      inputs: [[...batch, channels, ...axes]],
      output: [...batch, out, ...axes.map((length) => windowCount(length, windows))],
      refused: [[...batch, channels + 1, ...axes]],
    };
  };
}

function transposed(layer: Convolution, rank: number): (draw: Draw) => Row {
  return (draw) => {
    const { kernel, stride, padding, dilation } = windowsOf(draw);
    const outputPadding = draw(0, Math.max(stride, dilation) - 1);
    const [channels, out] = [draw(1, 2), draw(1, 2)];
    const { batch, axes } = spatialOf(draw, rank);
    const longer = (length: number) =>
      (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1;
    return {
      layer: new layer(channels, out, kernel as never, { stride, padding, dilation, outputPadding }),
      inputs: [[...batch, channels, ...axes]],
      output: [...batch, out, ...axes.map(longer)],
      refused: [[...batch, channels, ...axes, 1, 1]],
    };
  };
}

type Pooling = new (kernel: never, options?: object) => nn.Module;

function pooling(layer: Pooling, rank: number, mostDilation: number): (draw: Draw) => Row {
  return (draw) => {
    const windows = windowsOf(draw, mostDilation);
    const { kernel, dilation, ...others } = windows;
    const { batch, axes } = spatialOf(draw, rank);
    const leading = [...batch, draw(1, 2)];
    const options = mostDilation === 1 ? others : { ...others, dilation };
    return {
      layer: new layer(kernel as never, options),
      inputs: [[...leading, ...axes]],
      output: [...leading, ...axes.map((length) => windowCount(length, windows))],
      refused: [[...axes]],
    };
  };
}

function adaptive(layer: new (size: never) => nn.Module, rank: number): (draw: Draw) => Row {
  return (draw) => {
    const { batch, axes } = spatialOf(draw, rank);
    const [leading, size] = [[...batch, draw(1, 2)], draw(1, 5)];
    return {
      layer: new layer(size as never),
      inputs: [[...leading, ...axes]],
      output: [...leading, ...axes.map(() => size)],
      refused: [[...leading, ...axes.map(() => 0)]],
    };
  };
}

type Running = new (features: number) => nn.Module;

function norm(layer: Running, rank: number): (draw: Draw) => Row {
  return (draw) => {
    const channels = draw(1, 3);
    const axes = Array.from({ length: rank }, () => draw(1, 3));
    const shape = [draw(2, 3), channels, ...axes];
    return {
      layer: new layer(channels),
      inputs: [shape],
      output: shape,
      refused: [[2, channels + 1, ...axes]],
    };
  };
}

type RecurrentLayer = new (inputSize: number, hiddenSize: number, options?: nn.RecurrentOptions) => nn.Module;

function recurrent(layer: RecurrentLayer, states: readonly string[]): (draw: Draw) => Row {
  return (draw) => {
    const [steps, batch, features, hidden] = [draw(1, 4), draw(1, 3), draw(1, 3), draw(1, 3)];
    const [numLayers, directions, batchFirst] = [draw(1, 2), draw(1, 2), draw(0, 1) === 1];
    const leading = batchFirst ? [batch, steps] : [steps, batch];
    const state = [numLayers * directions, batch, hidden];
    return {
      layer: new layer(features, hidden, { numLayers, bidirectional: directions === 2, batchFirst }),
      inputs: [[...leading, features]],
      output: {
        output: [...leading, hidden * directions],
        ...Object.fromEntries(states.map((name) => [name, state])),
      },
      refused: [[...leading, features + 1]],
    };
  };
}

type Cell = new (inputSize: number, hiddenSize: number) => nn.Module;

function cell(layer: Cell, states: readonly string[]): (draw: Draw) => Row {
  return (draw) => {
    const [features, hidden] = [draw(1, 3), draw(1, 3)];
    const batch = draw(0, 1) === 0 ? [] : [draw(1, 3)];
    return {
      layer: new layer(features, hidden),
      inputs: [[...batch, features]],
      output: Object.fromEntries(states.map((name) => [name, [...batch, hidden]])),
      refused: [[...batch, features + 1]],
    };
  };
}

/** Sequences with and without a batch, for layers of attention: E features in `heads` heads. */
function sequenceOf(draw: Draw): {
  readonly heads: number;
  readonly features: number;
  readonly batch: number[];
} {
  const heads = draw(1, 2);
  return { heads, features: heads * draw(1, 2), batch: draw(0, 1) === 0 ? [] : [draw(1, 3)] };
}

function endingIn(make: (last: number[]) => nn.Module): (draw: Draw) => Row {
  return (draw) => {
    const [outer, last] = [shapeOf(draw), [draw(1, 3), draw(1, 3)]];
    const shape = [...outer, ...last];
    return { layer: make(last), inputs: [shape], output: shape, refused: [[...outer, last[0] + 1, last[1]]] };
  };
}

function alongAxis(make: (axis: number) => nn.Module): (draw: Draw) => Row {
  return (draw) => {
    const shape = shapeOf(draw, 1);
    const axis = draw(0, shape.length - 1);
    return { layer: make(axis), inputs: [shape], output: shape, refused: [shape.slice(0, axis)] };
  };
}

const rows: Readonly<Record<string, (draw: Draw) => Row>> = {
  AdaptiveAvgPool1d: adaptive(nn.AdaptiveAvgPool1d, 1),
  AdaptiveAvgPool2d: adaptive(nn.AdaptiveAvgPool2d, 2),
  AdaptiveMaxPool1d: adaptive(nn.AdaptiveMaxPool1d, 1),
  AdaptiveMaxPool2d: adaptive(nn.AdaptiveMaxPool2d, 2),
  AvgPool1d: pooling(nn.AvgPool1d, 1, 1),
  AvgPool2d: pooling(nn.AvgPool2d, 2, 1),
  BatchNorm1d: norm(nn.BatchNorm1d, 1),
  BatchNorm2d: norm(nn.BatchNorm2d, 2),
  Bilinear(draw) {
    const [outer, in1, in2, out] = [shapeOf(draw), draw(1, 3), draw(1, 3), draw(1, 3)];
    return {
      layer: new nn.Bilinear(in1, in2, out),
      inputs: [
        [...outer, in1],
        [...outer, in2],
      ],
      output: [...outer, out],
      refused: [
        [...outer, in1],
        [...outer, 2, in2],
      ],
    };
  },
  Conv1d: convolution(nn.Conv1d, 1),
  Conv2d: convolution(nn.Conv2d, 2),
  Conv3d: convolution(nn.Conv3d, 3),
  ConvTranspose1d: transposed(nn.ConvTranspose1d, 1),
  ConvTranspose2d: transposed(nn.ConvTranspose2d, 2),
  ConvTranspose3d: transposed(nn.ConvTranspose3d, 3),
  Dropout: keeping(() => new nn.Dropout(0.5)),
  Dropout2d(draw) {
    const shape = [draw(1, 3), draw(1, 3), draw(1, 3), draw(1, 3)];
    return { layer: new nn.Dropout2d(0.5), inputs: [shape], output: shape, refused: [shape.slice(1)] };
  },
  ELU: keeping(() => new nn.ELU()),
  Embedding(draw) {
    const [shape, features] = [shapeOf(draw), draw(1, 4)];
    const layer = new nn.Embedding(draw(1, 5), features);
    return { layer, inputs: [shape], output: [...shape, features], refused: null, dtype: "int32" };
  },
  Flatten(draw) {
    const shape = shapeOf(draw, 1);
    const startAxis = draw(0, shape.length - 1);
    const endAxis = draw(startAxis, shape.length - 1);
    const joined = shape.slice(startAxis, endAxis + 1).reduce((product, length) => product * length, 1);
    return {
      layer: new nn.Flatten({ startAxis, endAxis }),
      inputs: [shape],
      output: [...shape.slice(0, startAxis), joined, ...shape.slice(endAxis + 1)],
      refused: [shape.slice(0, endAxis)],
    };
  },
  GELU: keeping(() => new nn.GELU()),
  GLU(draw) {
    const shape = shapeOf(draw, 1);
    const axis = draw(0, shape.length - 1);
    const refused = [shape.with(axis, 3), shape.slice(0, axis)][draw(0, 1)];
    return {
      layer: new nn.GLU({ axis }),
      inputs: [shape.with(axis, 2 * shape[axis])],
      output: shape,
      refused: [refused],
    };
  },
  GroupNorm(draw) {
    const groups = draw(1, 3);
    const channels = groups * draw(1, 2);
    const shape = [draw(1, 3), channels, ...shapeOf(draw)];
    return {
      layer: new nn.GroupNorm(groups, channels),
      inputs: [shape],
      output: shape,
      refused: [[shape[0], channels + 1]],
    };
  },
  GRU: recurrent(nn.GRU, ["hidden"]),
  GRUCell: cell(nn.GRUCell, ["hidden"]),
  Hardtanh: keeping(() => new nn.Hardtanh()),
  Identity: keeping(() => new nn.Identity()),
  InstanceNorm2d(draw) {
    const channels = draw(1, 3);
    const shape = [...(draw(0, 1) === 0 ? [] : [draw(1, 3)]), channels, draw(2, 3), draw(1, 3)];
    return {
      layer: new nn.InstanceNorm2d(channels),
      inputs: [shape],
      output: shape,
      refused: [[2, channels + 1, 2, 2]],
    };
  },
  LayerNorm: endingIn((last) => new nn.LayerNorm(last)),
  LeakyReLU: keeping(() => new nn.LeakyReLU()),
  Linear(draw) {
    const [outer, from, to] = [shapeOf(draw), draw(1, 4), draw(1, 4)];
    return {
      layer: new nn.Linear(from, to),
      inputs: [[...outer, from]],
      output: [...outer, to],
      refused: [[...outer, from + 1]],
    };
  },
  LogSoftmax: alongAxis((axis) => new nn.LogSoftmax({ axis })),
  LSTM: recurrent(nn.LSTM, ["hidden", "cell"]),
  LSTMCell: cell(nn.LSTMCell, ["hidden", "cell"]),
  MaxPool1d: pooling(nn.MaxPool1d, 1, 2),
  MaxPool2d: pooling(nn.MaxPool2d, 2, 2),
  Mish: keeping(() => new nn.Mish()),
  MultiheadAttention(draw) {
    const { heads, features, batch } = sequenceOf(draw);
    const [queries, keys, kdim, vdim] = [draw(1, 4), draw(1, 4), draw(1, 3), draw(1, 3)];
    const query = [queries, ...batch, features];
    const key = [keys, ...batch, kdim];
    return {
      layer: new nn.MultiheadAttention(features, heads, { kdim, vdim }),
      inputs: [query, key, [keys, ...batch, vdim]],
      output: { output: query, weights: [...batch, queries, keys] },
      refused: [query, key, [keys + 1, ...batch, vdim]],
    };
  },
  PixelShuffle(draw) {
    const [factor, channels, height, width] = [draw(1, 3), draw(1, 2), draw(1, 3), draw(1, 3)];
    const batch = shapeOf(draw).slice(0, 2);
    return {
      layer: new nn.PixelShuffle(factor),
      inputs: [[...batch, channels * factor ** 2, height, width]],
      output: [...batch, channels, height * factor, width * factor],
      refused: [[height, width]],
    };
  },
  PReLU(draw) {
    const [channels, further] = [draw(2, 3), shapeOf(draw)];
    const shape = [draw(1, 3), channels, ...further];
    return {
      layer: new nn.PReLU({ numParameters: channels }),
      inputs: [shape],
      output: shape,
      refused: [[2, channels + 1, ...further]],
    };
  },
  ReLU: keeping(() => new nn.ReLU()),
  Residual(draw) {
    const [outer, from, to] = [shapeOf(draw), draw(1, 4), draw(1, 4)];
    return {
      layer: new nn.Residual(new nn.Linear(from, to), new nn.Linear(from, to)),
      inputs: [[...outer, from]],
      output: [...outer, to],
      refused: [[...outer, from + 1]],
    };
  },
  RMSNorm: endingIn((last) => new nn.RMSNorm(last)),
  RNN: recurrent(nn.RNN, ["hidden"]),
  RNNCell: cell(nn.RNNCell, ["hidden"]),
  RotaryEmbedding(draw) {
    const [outer, length, dim] = [shapeOf(draw), draw(1, 4), 2 * draw(1, 3)];
    const shape = [...outer, length, dim];
    return {
      layer: new nn.RotaryEmbedding(dim),
      inputs: [shape],
      output: shape,
      refused: [[...outer, length, dim + 1]],
    };
  },
  SELU: keeping(() => new nn.SELU()),
  Sequential(draw) {
    const [batch, channels, length, out] = [draw(2, 3), draw(1, 3), draw(4, 6), draw(1, 3)];
    return {
      layer: new nn.Sequential<nn.Layer[]>(
        new nn.Conv1d(channels, 2, 3),
        new nn.BatchNorm1d(2),
        new nn.Sequential(new nn.ReLU(), new nn.Flatten()),
        new nn.Linear(2 * (length - 2), out),
      ),
      inputs: [[batch, channels, length]],
      output: [batch, out],
      refused: [[batch, channels, length + 1]],
    };
  },
  Sigmoid: keeping(() => new nn.Sigmoid()),
  SiLU: keeping(() => new nn.SiLU()),
  Softmax: alongAxis((axis) => new nn.Softmax({ axis })),
  Softplus: keeping(() => new nn.Softplus()),
  Tanh: keeping(() => new nn.Tanh()),
  TransformerDecoder(draw) {
    const { heads, features, batch } = sequenceOf(draw);
    const make = () => new nn.TransformerDecoderLayer(features, heads, { dimFeedforward: 3 });
    const [x, memory] = [draw(1, 3), draw(1, 3)].map((length) => [length, ...batch, features]);
    return {
      layer: new nn.TransformerDecoder([make(), make()], { norm: new nn.LayerNorm(features) }),
      inputs: [x, memory],
      output: x,
      refused: [x, [...memory.slice(0, -1), features + 1]],
    };
  },
  TransformerDecoderLayer(draw) {
    const { heads, features, batch } = sequenceOf(draw);
    const [x, memory] = [draw(1, 3), draw(1, 3)].map((length) => [length, ...batch, features]);
    return {
      layer: new nn.TransformerDecoderLayer(features, heads, { dimFeedforward: 3 }),
      inputs: [x, memory],
      output: x,
      refused: [[...x.slice(0, -1), features + 1], memory],
    };
  },
  TransformerEncoder(draw) {
    const { heads, features, batch } = sequenceOf(draw);
    const x = [draw(1, 3), ...batch, features];
    const layer = new nn.TransformerEncoderLayer(features, heads, { dimFeedforward: 3 });
    return {
      layer: new nn.TransformerEncoder([layer]),
      inputs: [x],
      output: x,
      refused: [[...x.slice(0, -1), features + 1]],
    };
  },
  TransformerEncoderLayer(draw) {
    const { heads, features, batch } = sequenceOf(draw);
    const x = [draw(1, 3), ...batch, features];
    return {
      layer: new nn.TransformerEncoderLayer(features, heads, { dimFeedforward: 3 }),
      inputs: [x],
      output: x,
      refused: [[...x.slice(0, -1), features + 1]],
    };
  },
  Unflatten(draw) {
    const [outer, a, b, inner] = [shapeOf(draw), draw(2, 3), draw(2, 3), shapeOf(draw)];
    return {
      layer: new nn.Unflatten(outer.length, [a, b]),
      inputs: [[...outer, a * b, ...inner]],
      output: [...outer, a, b, ...inner],
      refused: [[...outer, a * b + 1, ...inner]],
    };
  },
  Upsample(draw) {
    const [batch, channels, height, width, factor] = [1, 2, 3, 4, 5].map(() => draw(1, 3));
    return {
      layer: new nn.Upsample({ scaleFactor: factor }),
      inputs: [[batch, channels, height, width]],
      output: [batch, channels, height * factor, width * factor],
      refused: [[channels, height, width]],
    };
  },
};

/** The shapes of what a module has returned, whose elements are as many as they say. */
function computedShapes(result: unknown): unknown {
  if (result instanceof Tensor) {
    const x = result as Tensor;
    expect(x.dataSync().length).toBe(x.shape.reduce((product, length) => product * length, 1));
    return x.shape;
  }
  return Object.fromEntries(
    Object.entries(result as object).map(([name, part]) => [name, computedShapes(part)]),
  );
}

function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return String(error);
  }
  return "nothing was thrown";
}

describe("the shape of the output", () => {
  it("is tested for every layer that computes something", () => {
    const layers = Object.entries(nn).filter(
      ([, value]) => typeof value === "function" && value.prototype instanceof nn.Module,
    );
    const names = layers.map(([name]) => name).filter((name) => !/^Module(Dict|List)$/.test(name));
    expect(Object.keys(rows).sort()).toEqual(names.sort());
  });

  it.each(Object.keys(rows))(
    "%s returns what it says, and refuses what it does not take",
    (name) => {
      fc.assert(
        fc.property(fc.gen(), (draw) => {
          const between: Draw = (min, max) => draw(fc.integer, { min, max });
          const { layer, inputs, output, refused, dtype = "float32" } = rows[name](between);
          const forward = (shapes: readonly Shape[]) =>
            layer.forward(...(shapes.map((shape) => zeros(shape, { dtype })) as never[]));
          expect(computingNothing(() => nn.outputShape(layer, inputs, { dtype }))).toEqual(output);
          expect(layer.training).toBe(true);
          for (const training of [true, false]) {
            layer.train(training);
            expect(computedShapes(forward(inputs))).toEqual(output);
          }
          if (refused === null) return;
          const message = messageOf(() => computingNothing(() => nn.outputShape(layer, refused, { dtype })));
          expect(message).toMatch(/^ShapeError: /);
          expect(messageOf(() => forward(refused))).toBe(message);
        }),
        { numRuns: sized({ short: 1, long: 8 }) },
      );
    },
    60_000,
  );

  it("is known for a user-defined model, which is unchanged afterwards", () => {
    class Counter extends nn.Module {
      readonly count = new Buffer(zeros([]));
      readonly inner = new nn.Linear(3, 4);
      forward(
        x: Tensor,
        times: number,
      ): { readonly y: Tensor; readonly parts: readonly Tensor[]; readonly none: null } {
        this.count.assign(this.count.add(1));
        const y = this.inner.forward(x);
        return { y, parts: Array.from({ length: times }, () => y.sum({ axis: 0 })), none: null };
      }
    }
    const model = new Counter();
    const { node } = model.count;
    const shapes = nn.outputShape(model, [[2, 3], 2]);
    expect(shapes).toEqual({ y: [2, 4], parts: [[4], [4]], none: null });
    // TypeScript infers it too.
    expect(shapes.parts[1].length).toBe(1);
    expect(model.training).toBe(true);
    expect(model.count.itemSync()).toBe(0);
    expect(model.count.node.shape).toEqual(node.shape);
  });

  it("throws an error with its name if the types do not fit the shapes", () => {
    const model = new nn.Linear(2, 3);
    expect(() =>
      nn.outputShape(model, [[7, 2]], { dtype: ["int32", "float32"] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: outputShape: got 2 dtypes for 1 shapes; expected one for each, or one for all]`,
    );
  });
});
