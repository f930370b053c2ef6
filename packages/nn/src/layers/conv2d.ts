import type { FloatOptions } from "@stargrad/tensor";
import type { Pair } from "../options.js";
import { WindowedConvolution } from "./windowed-convolution.js";

export interface Conv2dOptions extends FloatOptions {
  /** The distance between the windows. Default: 1. */
  readonly stride?: number | Pair;
  /**
   * The number of zeros added on each side of the image. `"valid"` adds none; `"same"` keeps its size, with an odd one at the
   * end. Default: 0.
   */
  readonly padding?: number | Pair | "same" | "valid";
  /** The distance between the elements of a window. Default: 1. */
  readonly dilation?: number | Pair;
  /** The number of groups of channels; each output channel uses only the input channels of its group. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * Convolves images with its weight: `y[n, o, p, q] = b[o] + Σ w[o, c, i, j] · x[n, c, p·s + i·d, q·s + j·d]`, summed over
 * channels c and window indices i, j; s is the stride, d the dilation, and x is padded.
 *
 * Shapes: x [N, in, H, W] -> y [N, out, P, Q], or both without N; weight [out, in / groups, kH, kW], bias [out];
 *         P = ⌊(H + padding − dilation · (kH − 1) − 1) / stride⌋ + 1 with the padding of both sides, Q likewise
 * Init:   uniform ±1/√(in / groups · kH · kW) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or is smaller than a window
 * Source: torch.nn.Conv2d
 */
export class Conv2d extends WindowedConvolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: Conv2dOptions = {},
  ) {
    super({ name: "Conv2d", rank: 2 }, inChannels, outChannels, kernelSize, options);
  }
}
