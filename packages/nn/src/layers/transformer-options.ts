import { ArgumentError, type FloatOptions, type RandomOptions, type Tensor } from "@stargrad/tensor";
import { anything, count, flag, fraction, notNegative, type OptionKinds } from "@stargrad/tensor/internal";
import { expectWhole, floatOptions } from "../options.js";
import type { LayerNormOptions } from "./layer-norm.js";
import type { MultiheadAttentionOptions } from "./multihead-attention.js";

/** The options of encoder and decoder layers. */
export interface TransformerLayerOptions extends FloatOptions {
  /** The number of hidden features of the network at each position. Default: 2048. */
  readonly dimFeedforward?: number;
  /** The probability of all dropouts, in training mode. Default: 0.1. */
  readonly dropout?: number;
  /** The activation between the two layers of the network. Default: `"relu"`. */
  readonly activation?: "relu" | "gelu" | ((x: Tensor) => Tensor);
  /** Added to the variance in the norms. Default: 1e-5. */
  readonly epsilon?: number;
  /** Whether the batch is the first axis and not the second. Default: false. */
  readonly batchFirst?: boolean;
  /** Whether the norms are applied before the parts instead of after them. Default: false. */
  readonly normFirst?: boolean;
}

/** The options, grouped by the part that uses them. */
interface TransformerParts {
  readonly width: number;
  readonly activation: (x: Tensor) => Tensor;
  readonly normFirst: boolean;
  readonly attention: MultiheadAttentionOptions;
  readonly norm: LayerNormOptions;
  readonly dropout: readonly [probability: number, random: RandomOptions];
  readonly random: FloatOptions;
}

export const transformerKinds: OptionKinds<TransformerLayerOptions> = {
  dimFeedforward: count,
  dropout: fraction,
  activation: anything,
  epsilon: notNegative,
  batchFirst: flag,
  normFirst: flag,
  ...floatOptions,
};

export function resolveOptions(
  called: string,
  sizes: { readonly dModel: number; readonly heads: number },
  options: TransformerLayerOptions,
): TransformerParts {
  expectWhole(called, sizes, { least: 1 });
  const { dimFeedforward = 2048, dropout = 0.1, activation = "relu", ...others } = options;
  const { epsilon = 1e-5, batchFirst = false, normFirst = false, ...random } = others;
  const { dtype = "float32", ...generator } = random;
  return {
    width: dimFeedforward,
    activation: activationOf(called, activation),
    normFirst,
    attention: { dropout, ...(batchFirst ? { batchFirst } : {}), ...random },
    norm: { epsilon: epsilon, dtype },
    dropout: [dropout, generator],
    random,
  };
}

function activationOf(
  called: string,
  activation: NonNullable<TransformerLayerOptions["activation"]>,
): (x: Tensor) => Tensor {
  if (typeof activation === "function") return activation;
  switch (activation) {
    case "relu":
      return (x) => x.relu();
    case "gelu":
      return (x) => x.gelu();
    default:
      throw new ArgumentError(
        called,
        `got the activation ${String(activation)}; expected "relu", "gelu" or a function`,
      );
  }
}
