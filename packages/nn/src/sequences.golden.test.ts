import { backward } from "@stargrad/autograd";
import type { Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import {
  expectClose,
  expectGradients,
  gradientOf,
  readCases,
  restore,
  restoreInput,
  restoreState,
  runs,
  title,
  type Golden,
  type Run,
} from "./golden-cases.js";
import {
  Bilinear,
  Embedding,
  GRU,
  Identity,
  LayerNorm,
  LSTM,
  MultiheadAttention,
  RNN,
  RotaryEmbedding,
  scaledDotProductAttention,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type AttentionOptions,
  type Module,
  type MultiheadAttentionInputs,
} from "./index.js";

// Every case of the file that golden/sequences.py wrote.
interface SequenceCase {
  layer: string;
  arguments: Dimensions;
  options: object;
  flags: Flags;
  state: Record<string, Golden>;
  inputs: Golden[];
  tensors: Record<string, Golden>;
  outputs: Record<string, Golden>;
  gradients: Record<string, Golden>;
  inputGradients: (Golden | null)[];
  stateGradients: Record<string, Golden>;
}

/** Options of the call that are not tensors, and how a stack is built. */
type Flags = MultiheadAttentionInputs & AttentionOptions & { layers?: number; norm?: boolean };

type Outputs = Record<string, Tensor | null>;

/** A layer, and how it is called: with tensors and options, for outputs by name. */
interface Built {
  readonly module: Module;
  readonly call: (inputs: never[], tensors: Record<string, Tensor>) => Outputs;
}

type Dimensions = readonly [number, number, number];

/** A layer with one output. */
function single(module: Module & { forward(...inputs: never[]): Tensor }, flags: object = {}): Built {
  return {
    module,
    call: (inputs, tensors) => {
      const output = module.forward(...inputs, { ...flags, ...tensors } as never) as Tensor;
      return { output };
    },
  };
}

/** A layer that names its outputs itself. */
function several(module: Module & { forward(...inputs: never[]): object }, flags: object = {}): Built {
  return {
    module,
    call: (inputs, tensors) => module.forward(...inputs, { ...flags, ...tensors } as never) as Outputs,
  };
}

function decoder(module: TransformerDecoderLayer | TransformerDecoder): Built {
  const masks = ({ targetMask, memoryPaddingMask }: Record<string, Tensor | undefined>) => ({
    target: targetMask === undefined ? {} : { attentionMask: targetMask },
    memory: memoryPaddingMask === undefined ? {} : { keyPaddingMask: memoryPaddingMask },
  });
  return {
    module,
    call: ([x, memory], tensors) => ({ output: module.forward(x, memory, masks(tensors)) }),
  };
}

function stack<L>({ layers = 0, norm = false }: Flags, features: number, dtype: Run["dtype"], make: () => L) {
  return {
    layers: Array.from({ length: layers }, make),
    options: norm ? { norm: new LayerNorm(features, { dtype }) } : {},
  };
}

const builders: Record<
  string,
  (dimensions: Dimensions, options: object, flags: Flags, dtype: Run["dtype"]) => Built
> = {
  Bilinear: ([in1, in2, out], options) => single(new Bilinear(in1, in2, out, options)),
  Embedding: ([rows, features], options) => single(new Embedding(rows, features, options)),
  GRU: ([features, hidden], options) => several(new GRU(features, hidden, options)),
  LSTM: ([features, hidden], options) => several(new LSTM(features, hidden, options)),
  MultiheadAttention: ([features, heads], options, flags) => {
    const module = new MultiheadAttention(features, heads, options);
    // Self-attention has one input in the file.
    const call: Built["call"] = ([query, key = query, value = query], tensors) =>
      module.forward(query, key, value, { ...flags, ...tensors });
    return { module, call };
  },
  RNN: ([features, hidden], options) => several(new RNN(features, hidden, options)),
  RotaryEmbedding: ([features], options, flags) => single(new RotaryEmbedding(features, options), flags),
  scaledDotProductAttention: (_, _options, flags) => ({
    module: new Identity(),
    call: ([query, key, value], tensors) => ({
      output: scaledDotProductAttention(query, key, value, { ...flags, ...tensors }),
    }),
  }),
  TransformerDecoder: ([features, heads], options, flags, dtype) => {
    const parts = stack(flags, features, dtype, () => new TransformerDecoderLayer(features, heads, options));
    return decoder(new TransformerDecoder(parts.layers, parts.options));
  },
  TransformerDecoderLayer: ([features, heads], options) =>
    decoder(new TransformerDecoderLayer(features, heads, options)),
  TransformerEncoder: ([features, heads], options, flags, dtype) => {
    const parts = stack(flags, features, dtype, () => new TransformerEncoderLayer(features, heads, options));
    return single(new TransformerEncoder(parts.layers, parts.options));
  },
  TransformerEncoderLayer: ([features, heads], options) =>
    single(new TransformerEncoderLayer(features, heads, options)),
};

const cases = readCases("sequences") as SequenceCase[];

describe.each(runs)("PyTorch's layers of several tensors in $dtype", ({ dtype, tolerance }) => {
  for (const [i, golden] of cases.entries()) {
    it(title(i, golden.layer, golden.inputs[0], { ...golden.options, ...golden.flags }), () => {
      const { module, call } = builders[golden.layer](
        golden.arguments,
        { ...golden.options, dtype },
        golden.flags,
        dtype,
      );
      restoreState(module, golden.state, dtype);
      const inputs = golden.inputs.map((input) => restoreInput(input, dtype));
      const tensors = Object.entries(golden.tensors).map(
        ([name, value]) => [name, restoreInput(value, dtype)] as const,
      );
      const outputs = call(inputs as never[], Object.fromEntries(tensors));
      expect(Object.keys(outputs)).toEqual(Object.keys(golden.outputs));
      for (const [name, expected] of Object.entries(golden.outputs)) {
        expect(outputs[name]?.dtype).toBe(dtype);
        expectClose(outputs[name], expected, tolerance);
        backward(outputs[name]!, restore(golden.gradients[name], dtype));
      }
      const everything = [...inputs, ...tensors.map(([, value]) => value)];
      for (const [i, gradient] of golden.inputGradients.entries()) {
        if (gradient !== null) expectClose(gradientOf(everything[i]), gradient, tolerance);
      }
      expectGradients(module, golden.stateGradients, tolerance);
    });
  }
});
