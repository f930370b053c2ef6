import { Tensor } from "@stargrad/tensor";

import * as nn from "../src/index.js";
import type { GoldenCase } from "./golden-cases.js";

/*
 * What the golden cases are about: everything that @stargrad/nn exports and that computes, by its name.
 */

/** What a case is run with: a module, or a function that has none, and how it is called. */
export interface Subject {
  readonly module: nn.Module | null;
  /** With inputs, and with options of the call that are tensors; returns the outputs by name. */
  readonly call: (inputs: readonly Tensor[], tensors: Tensors) => Readonly<Record<string, Tensor | null>>;
}

type Tensors = Readonly<Record<string, Tensor>>;
type Float = "float32" | "float64";
type Build = (golden: GoldenCase, dtype: Float) => Subject;

/** Why an exported layer or function has no golden case. */
export const withoutCase: Readonly<Record<string, string | undefined>> = {
  ModuleDict: "computes nothing",
  ModuleList: "computes nothing",
};

/** The names of all layers and losses, and of what else computes. */
export const subjectNames: readonly string[] = Object.entries(nn)
  .filter(([name, value]) => isLayer(value) || (typeof value === "function" && /^[a-z]/.test(name)))
  .map(([name]) => name)
  .filter((name) => !["outputShape", "readModules", "summary"].includes(name))
  .sort((a, b) => a.localeCompare(b));

/** Makes what a case is about, with weights of its own yet. */
export function subjectOf(golden: GoldenCase, dtype: Float): Subject {
  const build = builders[golden.name];
  if (build !== undefined) return build(golden, dtype);
  const exported: unknown = nn[golden.name as keyof typeof nn];
  if (isLayer(exported)) {
    const module = layerOf(exported, golden.arguments, golden.options, dtype);
    return {
      module,
      call: (inputs, tensors) => named(module.forward(...withOptions(inputs, golden.flags, tensors))),
    };
  }
  if (typeof exported !== "function") throw new Error(`@stargrad/nn exports no ${golden.name}`);
  const loss = exported as (...values: unknown[]) => Tensor;
  return {
    module: null,
    call: (inputs, tensors) => ({
      output: loss(...inputs, { ...golden.options, ...golden.flags, ...tensors }),
    }),
  };
}

type LayerClass = new (...values: never[]) => nn.Module;

function isLayer(exported: unknown): exported is LayerClass {
  return typeof exported === "function" && exported.prototype instanceof nn.Module;
}

/** Makes a layer. Only layers with weights or statistics have the option `dtype`. */
function layerOf(layer: LayerClass, values: readonly unknown[], options: object, dtype: Float): nn.Module {
  const plain = new layer(...([...values, options] as never[]));
  if (plain.stateDict().size === 0) return plain;
  return new layer(...([...values, { ...options, dtype }] as never[]));
}

function withOptions(inputs: readonly Tensor[], flags: object, tensors: Tensors): never[] {
  const options = { ...flags, ...tensors };
  return [...inputs, ...(Object.keys(options).length === 0 ? [] : [options])] as never[];
}

/** A module returns its one output, or several that it names itself. */
function named(result: unknown): Record<string, Tensor | null> {
  return result instanceof Tensor ? { output: result } : (result as Record<string, Tensor | null>);
}

/** A layer as the cases of containers write it. */
interface Part {
  readonly layer: string;
  readonly arguments: readonly unknown[];
  readonly options: object;
}

function partOf(part: Part, dtype: Float): nn.Layer {
  const layer: unknown = nn[part.layer as keyof typeof nn];
  if (!isLayer(layer)) throw new Error(`@stargrad/nn exports no layer ${part.layer}`);
  return layerOf(layer, part.arguments, part.options, dtype) as nn.Layer;
}

function stackOf<L>({ flags, arguments: [features] }: GoldenCase, dtype: Float, make: () => L) {
  const { layers = 0, norm = false } = flags as { layers?: number; norm?: boolean };
  return {
    layers: Array.from({ length: layers }, make),
    options: norm ? { norm: new nn.LayerNorm(features as number, { dtype }) } : {},
  };
}

function encoding(module: nn.TransformerEncoder | nn.TransformerEncoderLayer): Subject {
  return { module, call: ([x], masks) => ({ output: module.forward(x, masks) }) };
}

function decoding(module: nn.TransformerDecoder | nn.TransformerDecoderLayer): Subject {
  const masksOf = ({ targetMask, memoryPaddingMask }: Readonly<Record<string, Tensor | undefined>>) => ({
    target: targetMask === undefined ? {} : { attentionMask: targetMask },
    memory: memoryPaddingMask === undefined ? {} : { keyPaddingMask: memoryPaddingMask },
  });
  return {
    module,
    call: ([x, memory], tensors) => ({ output: module.forward(x, memory, masksOf(tensors)) }),
  };
}

/** What is built or called in a way of its own. */
const builders: Readonly<Record<string, Build | undefined>> = {
  // Of logits: PyTorch's gradient holds only behind a log-softmax.
  ctcLoss: ({ options }) => ({
    module: null,
    call: ([logits, targets], lengths) => ({
      output: nn.ctcLoss(logits.logSoftmax(), targets, { ...options, ...lengths }),
    }),
  }),
  MultiheadAttention(golden, dtype) {
    const [features, heads] = golden.arguments as [number, number];
    const module = new nn.MultiheadAttention(features, heads, { ...golden.options, dtype });
    return {
      module,
      // Self-attention has one input in the file.
      call: ([query, key = query, value = query], masks) =>
        module.forward(query, key, value, { ...golden.flags, ...masks }),
    };
  },
  Residual(golden, dtype) {
    const [layer, shortcut] = (golden.arguments as Part[]).map((part) => partOf(part, dtype));
    const module = new nn.Residual(layer, shortcut);
    return { module, call: ([x]) => ({ output: module.forward(x) }) };
  },
  Sequential(golden, dtype) {
    const module = new nn.Sequential(...(golden.arguments as Part[]).map((part) => partOf(part, dtype)));
    return { module, call: ([x]) => ({ output: module.forward(x) }) };
  },
  TransformerDecoder(golden, dtype) {
    const make = () => decoderLayer(golden, dtype);
    const { layers, options } = stackOf(golden, dtype, make);
    return decoding(new nn.TransformerDecoder(layers, options));
  },
  TransformerDecoderLayer: (golden, dtype) => decoding(decoderLayer(golden, dtype)),
  TransformerEncoder(golden, dtype) {
    const make = () => encoderLayer(golden, dtype);
    const { layers, options } = stackOf(golden, dtype, make);
    return encoding(new nn.TransformerEncoder(layers, options));
  },
  TransformerEncoderLayer: (golden, dtype) => encoding(encoderLayer(golden, dtype)),
};

function encoderLayer({ arguments: [features, heads], options }: GoldenCase, dtype: Float) {
  return new nn.TransformerEncoderLayer(features as number, heads as number, { ...options, dtype });
}

function decoderLayer({ arguments: [features, heads], options }: GoldenCase, dtype: Float) {
  return new nn.TransformerDecoderLayer(features as number, heads as number, { ...options, dtype });
}
