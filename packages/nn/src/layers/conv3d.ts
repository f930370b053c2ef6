import type { FloatOptions } from "@stargrad/tensor";
import type { Triple } from "../options.js";
import { WindowedConvolution } from "./windowed-convolution.js";

export interface Conv3dOptions extends FloatOptions {
  /** How far apart the windows are. Default: 1. */
  readonly stride?: number | Triple;
  /**
   * Zeros put around the volume; `"valid"` is none, and `"same"` as many as keep its size, the odd one after it.
   * Default: 0.
   */
  readonly padding?: number | Triple | "same" | "valid";
  /** How far apart the elements of a window are. Default: 1. */
  readonly dilation?: number | Triple;
  /** Into how many groups the channels are divided; each output sees the inputs of its own. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * Slides its weight through a volume, such as a scan or a film: what Conv2d does, along three axes.
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
