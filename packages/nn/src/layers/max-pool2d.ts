import type { Tensor } from "@stargrad/tensor";
import type { Pair } from "../options.js";
import { TensorModule } from "../tensor-module.js";
import { PoolingWindows, windowKinds } from "./pooling.js";

export interface MaxPool2dOptions {
  /** The distance between the windows. Default: the kernel size, so that they do not overlap. */
  readonly stride?: number | Pair;
  /** The number of −∞ added on each side; at most half of the kernel size. Default: 0. */
  readonly padding?: number | Pair;
  /** The distance between the elements of a window. Default: 1. */
  readonly dilation?: number | Pair;
  /** Whether there is a last window that extends beyond the edge, if it begins inside. Default: false. */
  readonly ceilMode?: boolean;
}

/**
 * The largest element of every window: `y[n, c, p, q] = max x[n, c, p·s + i·d, q·s + j·d]` over the indices i, j of the
 * window; s is the stride, d the dilation, and x is padded with −∞. If several elements are largest, the first gets the
 * gradient.
 *
 * Shapes: x [N, C, H, W] -> y [N, C, P, Q], or both without N;
 *         P = ⌊(H + 2 · padding − dilation · (kH − 1) − 1) / stride⌋ + 1, rounded up for ceilMode, Q likewise
 * Throws: ArgumentError if the padding is more than half of the kernel size; ShapeError if x has other axes or is smaller than a
 *         window
 * Source: torch.nn.MaxPool2d
 */
export class MaxPool2d extends TensorModule {
  readonly #windows: PoolingWindows;

  constructor(kernelSize: number | Pair, options: MaxPool2dOptions = {}) {
    super("MaxPool2d", [kernelSize], options, windowKinds);
    const kind = { name: "MaxPool2d", rank: 2, layer: this.describe() } as const;
    this.#windows = new PoolingWindows(kind, kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    return this.#windows.over(x, { value: -Infinity }).max({ axis: -1 }).values;
  }
}
