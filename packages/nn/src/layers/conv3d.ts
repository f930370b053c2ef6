import type { FloatOptions } from "@stargrad/tensor";
import type { Triple } from "../options.js";
import { WindowedConvolution } from "./windowed-convolution.js";

export interface Conv3dOptions extends FloatOptions {
  /** The distance between the windows. Default: 1. */
  readonly stride?: number | Triple;
  /**
   * The number of zeros added on each side of the volume. `"valid"` adds none; `"same"` keeps its size, with an odd one at the
   * end. Default: 0.
   */
  readonly padding?: number | Triple | "same" | "valid";
  /** The distance between the elements of a window. Default: 1. */
  readonly dilation?: number | Triple;
  /** The number of groups of channels; each output channel uses only the input channels of its group. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * Convolves volumes, such as scans or videos, with its weight. It is Conv2d with three axes.
 *
 * Shapes: x [N, in, D, H, W] -> y [N, out, O, P, Q], or both without N; weight [out, in / groups, kD, kH, kW], bias [out];
 *         O = ⌊(D + padding − dilation · (kD − 1) − 1) / stride⌋ + 1 with the padding of both sides, P and Q likewise
 * Init:   uniform ±1/√(in / groups · kD · kH · kW) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or is smaller than a window
 * Source: torch.nn.Conv3d
 */
export class Conv3d extends WindowedConvolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Triple,
    options: Conv3dOptions = {},
  ) {
    super({ name: "Conv3d", rank: 3 }, inChannels, outChannels, kernelSize, options);
  }
}
