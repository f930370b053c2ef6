import { AveragePooling } from "./average-pooling.js";

export interface AvgPool1dOptions {
  /** The distance between the windows. Default: the kernel size, so that they do not overlap. */
  readonly stride?: number;
  /** The number of zeros added at both ends; at most half of the kernel size. Default: 0. */
  readonly padding?: number;
  /** Whether there is a last window that extends beyond the end, if it begins inside. Default: false. */
  readonly ceilMode?: boolean;
  /** Whether the zeros of the padding count as elements of a window. Default: true. */
  readonly countIncludePad?: boolean;
}

/**
 * The mean of every window: `y[n, c, p] = Σ x[n, c, p·s + i] / k` over the indices i of the window; s is the stride, and
 * x is padded with zeros. A window that extends beyond the end in ceilMode is the mean of the elements inside.
 *
 * Shapes: x [N, C, L] -> y [N, C, P], or both without N;
 *         P = ⌊(L + 2 · padding − k) / stride⌋ + 1, rounded up for ceilMode
 * Throws: ArgumentError if the padding is more than half of the kernel size; ShapeError if x has other axes or is shorter than a
 *         window
 * Source: torch.nn.AvgPool1d
 */
export class AvgPool1d extends AveragePooling {
  constructor(kernelSize: number, options: AvgPool1dOptions = {}) {
    super({ name: "AvgPool1d", rank: 1 }, kernelSize, options);
  }
}
