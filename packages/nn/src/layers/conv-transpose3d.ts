import type { FloatOptions } from "@stargrad/tensor";
import type { Triple } from "../options.js";
import { TransposedConvolution } from "./transposed-convolution.js";

export interface ConvTranspose3dOptions extends FloatOptions {
  /** How far apart the windows of the output are. Default: 1. */
  readonly stride?: number | Triple;
  /** How many elements of the output are cut off on every side. Default: 0. */
  readonly padding?: number | Triple;
  /**
   * How many elements are put behind the output along every axis, which the stride would have lost; less than it.
   * Default: 0.
   */
  readonly outputPadding?: number | Triple;
  /** How far apart the elements of a window are. Default: 1. */
  readonly dilation?: number | Triple;
  /** Into how many groups the channels are divided; each output sees the inputs of its own. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * The transpose of Conv3d, which makes volumes larger: `y[n, o, p·s + i·d, q·s + j·d, r·s + k·d] = b[o] +
 * Σ w[c, o, i, j, k] · x[n, c, p, q, r]`, summed over channels c and whatever places p, q, r and i, j, k meet there; s is
 * the stride, d the dilation, and y is cut by the padding.
 *
 * Shapes: x [N, in, D, H, W] -> y [N, out, P, Q, R], or both without N; weight [in, out / groups, kD, kH, kW], bias [out];
 *         P = (D − 1) · stride − 2 · padding + dilation · (kD − 1) + outputPadding + 1, Q and R likewise
 * Init:   uniform ±1/√(out / groups · kD · kH · kW) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or nothing would be left of y
 * Source: torch.nn.ConvTranspose3d
 */
export class ConvTranspose3d extends TransposedConvolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Triple,
    options: ConvTranspose3dOptions = {},
  ) {
    super({ name: "ConvTranspose3d", rank: 3 }, inChannels, outChannels, kernelSize, options);
  }
}
