import type { FloatOptions } from "@stargrad/tensor";
import type { Pair } from "../options.js";
import { WindowedConvolution } from "./windowed-convolution.js";

export interface Conv2dOptions extends FloatOptions {
  /** How far apart the windows are. Default: 1. */
  readonly stride?: number | Pair;
  /**
   * Zeros put around the image; `"valid"` is none, and `"same"` as many as keep its size, the odd one after it.
   * Default: 0.
   */
  readonly padding?: number | Pair | "same" | "valid";
  /** How far apart the elements of a window are. Default: 1. */
  readonly dilation?: number | Pair;
  /** Into how many groups the channels are divided; each output sees the inputs of its own. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * Slides its weight over an image: `y[n, o, p, q] = b[o] + Σ w[o, c, i, j] · x[n, c, p·s + i·d, q·s + j·d]`, summed over
 * channels c and window places i, j; s is the stride, d the dilation, and x is padded.
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
