import type { FloatOptions } from "@stargrad/tensor";
import { TransposedConvolution } from "./transposed-convolution.js";

export interface ConvTranspose1dOptions extends FloatOptions {
  /** How far apart the windows of the output are. Default: 1. */
  readonly stride?: number;
  /** How many elements of the output are cut off at both ends. Default: 0. */
  readonly padding?: number;
  /** How many elements are put behind the output, which the stride would have lost; less than it. Default: 0. */
  readonly outputPadding?: number;
  /** How far apart the elements of a window are. Default: 1. */
  readonly dilation?: number;
  /** Into how many groups the channels are divided; each output sees the inputs of its own. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * The transpose of Conv1d, which makes sequences longer: `y[n, o, p·s + i·d] = b[o] + Σ w[c, o, i] · x[n, c, p]`, summed
 * over channels c and whatever places p and i meet there; s is the stride, d the dilation, and y is cut by the padding.
 *
 * Shapes: x [N, in, L] -> y [N, out, P], or both without N; weight [in, out / groups, k], bias [out];
 *         P = (L − 1) · stride − 2 · padding + dilation · (k − 1) + outputPadding + 1
 * Init:   uniform ±1/√(out / groups · k) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or nothing would be left of y
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
