import type { FloatOptions } from "@stargrad/tensor";
import { WindowedConvolution } from "./windowed-convolution.js";

export interface Conv1dOptions extends FloatOptions {
  /** The distance between the windows. Default: 1. */
  readonly stride?: number;
  /**
   * The number of zeros added at both ends. `"valid"` adds none; `"same"` keeps the length, with an odd one at the end.
   * Default: 0.
   */
  readonly padding?: number | "same" | "valid";
  /** The distance between the elements of a window. Default: 1. */
  readonly dilation?: number;
  /** The number of groups of channels; each output channel uses only the input channels of its group. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * Convolves sequences with its weight: `y[n, o, p] = b[o] + Σ w[o, c, i] · x[n, c, p·s + i·d]`, summed over channels c and
 * window indices i; s is the stride, d the dilation, and x is padded.
 *
 * Shapes: x [N, in, L] -> y [N, out, P], or both without N; weight [out, in / groups, k], bias [out];
 *         P = ⌊(L + padding − dilation · (k − 1) − 1) / stride⌋ + 1 with the padding of both ends
 * Init:   uniform ±1/√(in / groups · k) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or is shorter than a window
 * Source: torch.nn.Conv1d
 */
export class Conv1d extends WindowedConvolution {
  constructor(inChannels: number, outChannels: number, kernelSize: number, options: Conv1dOptions = {}) {
    super({ name: "Conv1d", rank: 1 }, inChannels, outChannels, kernelSize, options);
  }
}
