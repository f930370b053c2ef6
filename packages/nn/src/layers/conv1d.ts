import type { FloatOptions } from "@stargrad/tensor";
import { WindowedConvolution } from "./windowed-convolution.js";

export interface Conv1dOptions extends FloatOptions {
  /** How far apart the windows are. Default: 1. */
  readonly stride?: number;
  /**
   * Zeros put at both ends; `"valid"` is none, and `"same"` as many as keep the length, the odd one behind. Default: 0.
   */
  readonly padding?: number | "same" | "valid";
  /** How far apart the elements of a window are. Default: 1. */
  readonly dilation?: number;
  /** Into how many groups the channels are divided; each output sees the inputs of its own. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * Slides its weight along a sequence: `y[n, o, p] = b[o] + Σ w[o, c, i] · x[n, c, p·s + i·d]`, summed over channels c and
 * window places i; s is the stride, d the dilation, and x is padded.
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
