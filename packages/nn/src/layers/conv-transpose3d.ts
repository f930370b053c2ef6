import type { FloatOptions } from "@stargrad/tensor";
import type { Triple } from "../options.js";
import { TransposedConvolution } from "./transposed-convolution.js";

export interface ConvTranspose3dOptions extends FloatOptions {
  /** The distance between the windows in the output. Default: 1. */
  readonly stride?: number | Triple;
  /** The number of elements that are removed from every side of the output. Default: 0. */
  readonly padding?: number | Triple;
  /**
   * The number of elements added at the end of every axis of the output, which a strided convolution drops; less than the
   * stride. Default: 0.
   */
  readonly outputPadding?: number | Triple;
  /** The distance between the elements of a window. Default: 1. */
  readonly dilation?: number | Triple;
  /** The number of groups of channels; each output channel uses only the input channels of its group. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * The transpose of Conv3d, which makes volumes larger: `y[n, o, p·s + i·d, q·s + j·d, r·s + k·d] = b[o] +
 * Σ w[c, o, i, j, k] · x[n, c, p, q, r]`, summed over channels c and all p, q, r and i, j, k that contribute to the element;
 * s is the stride, d the dilation. The padding is removed from every side of y.
 *
 * Shapes: x [N, in, D, H, W] -> y [N, out, P, Q, R], or both without N; weight [in, out / groups, kD, kH, kW], bias [out];
 *         P = (D − 1) · stride − 2 · padding + dilation · (kD − 1) + outputPadding + 1, Q and R likewise
 * Init:   uniform ±1/√(out / groups · kD · kH · kW) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or y would be empty
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
