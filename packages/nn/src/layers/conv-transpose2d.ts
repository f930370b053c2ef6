import type { FloatOptions } from "@stargrad/tensor";
import type { Pair } from "../options.js";
import { TransposedConvolution } from "./transposed-convolution.js";

export interface ConvTranspose2dOptions extends FloatOptions {
  /** The distance between the windows in the output. Default: 1. */
  readonly stride?: number | Pair;
  /** The number of elements that are removed from every side of the output. Default: 0. */
  readonly padding?: number | Pair;
  /**
   * The number of elements added below and to the right of the output, which a strided convolution drops; less than the
   * stride. Default: 0.
   */
  readonly outputPadding?: number | Pair;
  /** The distance between the elements of a window. Default: 1. */
  readonly dilation?: number | Pair;
  /** The number of groups of channels; each output channel uses only the input channels of its group. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * The transpose of Conv2d, which makes images larger: `y[n, o, p·s + i·d, q·s + j·d] = b[o] + Σ w[c, o, i, j] · x[n, c, p, q]`,
 * summed over channels c and all p, q and i, j that contribute to the element; s is the stride, d the dilation. The padding
 * is removed from every side of y.
 *
 * Shapes: x [N, in, H, W] -> y [N, out, P, Q], or both without N; weight [in, out / groups, kH, kW], bias [out];
 *         P = (H − 1) · stride − 2 · padding + dilation · (kH − 1) + outputPadding + 1, Q likewise
 * Init:   uniform ±1/√(out / groups · kH · kW) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or y would be empty
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
