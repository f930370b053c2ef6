import type { Pair } from "../options.js";
import { AveragePooling } from "./average-pooling.js";

export interface AvgPool2dOptions {
  /** The distance between the windows. Default: the kernel size, so that they do not overlap. */
  readonly stride?: number | Pair;
  /** The number of zeros added on each side; at most half of the kernel size. Default: 0. */
  readonly padding?: number | Pair;
  /** Whether there is a last window that extends beyond the edge, if it begins inside. Default: false. */
  readonly ceilMode?: boolean;
  /** Whether the zeros of the padding count as elements of a window. Default: true. */
  readonly countIncludePad?: boolean;
  /** The divisor of the sum of each window, instead of the number of its elements. */
  readonly divisorOverride?: number;
}

/**
 * The mean of every window: `y[n, c, p, q] = Σ x[n, c, p·s + i, q·s + j] / (kH · kW)` over the indices i, j of the
 * window; s is the stride, and x is padded with zeros. A window that extends beyond the edge in ceilMode is the mean of the
 * elements inside.
 *
 * Shapes: x [N, C, H, W] -> y [N, C, P, Q], or both without N;
 *         P = ⌊(H + 2 · padding − kH) / stride⌋ + 1, rounded up for ceilMode, Q likewise
 * Throws: ArgumentError if the padding is more than half of the kernel size; ShapeError if x has other axes or is smaller than a
 *         window
 * Source: torch.nn.AvgPool2d
 */
export class AvgPool2d extends AveragePooling {
  constructor(kernelSize: number | Pair, options: AvgPool2dOptions = {}) {
    super({ name: "AvgPool2d", rank: 2 }, kernelSize, options);
  }
}
