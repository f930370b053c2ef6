import type { FloatOptions } from "@stargrad/tensor";
import { TransposedConvolution } from "./transposed-convolution.js";

export interface ConvTranspose1dOptions extends FloatOptions {
  /** The distance between the windows in the output. Default: 1. */
  readonly stride?: number;
  /** The number of elements that are removed from both ends of the output. Default: 0. */
  readonly padding?: number;
  /** The number of elements added at the end of the output, which a strided convolution drops; less than the stride. Default: 0. */
  readonly outputPadding?: number;
  /** The distance between the elements of a window. Default: 1. */
  readonly dilation?: number;
  /** The number of groups of channels; each output channel uses only the input channels of its group. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * The transpose of Conv1d, which makes sequences longer: `y[n, o, p·s + i·d] = b[o] + Σ w[c, o, i] · x[n, c, p]`, summed
 * over channels c and all p and i that contribute to the element; s is the stride, d the dilation. The padding is removed from
 * both ends of y.
 *
 * Shapes: x [N, in, L] -> y [N, out, P], or both without N; weight [in, out / groups, k], bias [out];
 *         P = (L − 1) · stride − 2 · padding + dilation · (k − 1) + outputPadding + 1
 * Init:   uniform ±1/√(out / groups · k) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or y would be empty
 * Source: torch.nn.ConvTranspose1d
 */
export class ConvTranspose1d extends TransposedConvolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvTranspose1dOptions = {},
  ) {
    super({ name: "ConvTranspose1d", rank: 1 }, inChannels, outChannels, kernelSize, options);
  }
}
