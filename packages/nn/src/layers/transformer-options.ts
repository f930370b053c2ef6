import { ArgumentError, type FloatOptions, type RandomOptions, type Tensor } from "@stargrad/tensor";
import { expectProbability, expectWhole } from "../options.js";
import type { LayerNormOptions } from "./layer-norm.js";
import type { MultiheadAttentionOptions } from "./multihead-attention.js";

/** What the layers of the encoder and of the decoder are made with. */
export interface TransformerLayerOptions extends FloatOptions {
  /** How wide the network at each place is. Default: 2048. */
  readonly dimFeedforward?: number;
  /** The probability of dropping an element, everywhere, while training. Default: 0.1. */
  readonly dropout?: number;
  /** What stands between the two layers of the network. Default: `"relu"`. */
  readonly activation?: "relu" | "gelu" | ((x: Tensor) => Tensor);
  /** What the norms add to the variance. Default: 1e-5. */
  readonly epsilon?: number;
  /** Whether the batch is the first axis and not the second. Default: false. */
  readonly batchFirst?: boolean;
  /** Whether the norms stand before the parts and not after them. Default: false. */
  readonly normFirst?: boolean;
}

/** The options, sorted by the part that takes them. */
interface TransformerParts {
  readonly width: number;
  readonly activation: (x: Tensor) => Tensor;
  readonly normFirst: boolean;
  readonly attention: MultiheadAttentionOptions;
  readonly norm: LayerNormOptions;
  readonly dropout: readonly [probability: number, random: RandomOptions];
  readonly random: FloatOptions;
}

export function resolveOptions(called: string, options: TransformerLayerOptions): TransformerParts {
  const { dimFeedforward = 2048, dropout = 0.1, activation = "relu", ...others } = options;
  const { epsilon = 1e-5, batchFirst = false, normFirst = false, ...random } = others;
  const { dtype = "float32", ...generator } = random;
  expectWhole(called, { dimFeedforward }, { least: 1 });
  expectProbability(called, { dropout });
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
