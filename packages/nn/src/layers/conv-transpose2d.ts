import type { FloatOptions } from "@stargrad/tensor";
import type { Pair } from "../options.js";
import { TransposedConvolution } from "./transposed-convolution.js";

export interface ConvTranspose2dOptions extends FloatOptions {
  /** How far apart the windows of the output are. Default: 1. */
  readonly stride?: number | Pair;
  /** How many elements of the output are cut off on every side. Default: 0. */
  readonly padding?: number | Pair;
  /**
   * How many elements are put below and to the right of the output, which the stride would have lost; less than it.
   * Default: 0.
   */
  readonly outputPadding?: number | Pair;
  /** How far apart the elements of a window are. Default: 1. */
  readonly dilation?: number | Pair;
  /** Into how many groups the channels are divided; each output sees the inputs of its own. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * The transpose of Conv2d, which makes images larger: `y[n, o, p·s + i·d, q·s + j·d] = b[o] + Σ w[c, o, i, j] · x[n, c, p, q]`,
 * summed over channels c and whatever places p, q and i, j meet there; s is the stride, d the dilation, and y is cut by
 * the padding.
 *
 * Shapes: x [N, in, H, W] -> y [N, out, P, Q], or both without N; weight [in, out / groups, kH, kW], bias [out];
 *         P = (H − 1) · stride − 2 · padding + dilation · (kH − 1) + outputPadding + 1, Q likewise
 * Init:   uniform ±1/√(out / groups · kH · kW) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or nothing would be left of y
 * Source: torch.nn.ConvTranspose2d
 */
export class ConvTranspose2d extends TransposedConvolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: ConvTranspose2dOptions = {},
  ) {
    super({ name: "ConvTranspose2d", rank: 2 }, inChannels, outChannels, kernelSize, options);
  }
}
