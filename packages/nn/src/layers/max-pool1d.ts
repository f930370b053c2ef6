import type { Tensor } from "@stargrad/tensor";
import { TensorModule } from "../tensor-module.js";
import { PoolingWindows, windowKinds } from "./pooling.js";

export interface MaxPool1dOptions {
  /** The distance between the windows. Default: the kernel size, so that they do not overlap. */
  readonly stride?: number;
  /** The number of −∞ added at both ends; at most half of the kernel size. Default: 0. */
  readonly padding?: number;
  /** The distance between the elements of a window. Default: 1. */
  readonly dilation?: number;
  /** Whether there is a last window that extends beyond the end, if it begins inside. Default: false. */
  readonly ceilMode?: boolean;
}

/**
 * The largest element of every window: `y[n, c, p] = max x[n, c, p·s + i·d]` over the indices i of the window; s is the
 * stride, d the dilation, and x is padded with −∞. If several elements are largest, the first gets the gradient.
 *
 * Shapes: x [N, C, L] -> y [N, C, P], or both without N;
 *         P = ⌊(L + 2 · padding − dilation · (k − 1) − 1) / stride⌋ + 1, rounded up for ceilMode
 * Throws: ArgumentError if the padding is more than half of the kernel size; ShapeError if x has other axes or is shorter than a
 *         window
 * Source: torch.nn.MaxPool1d
 */
export class MaxPool1d extends TensorModule {
  readonly #windows: PoolingWindows;

  constructor(kernelSize: number, options: MaxPool1dOptions = {}) {
    super("MaxPool1d", [kernelSize], options, windowKinds);
    const kind = { name: "MaxPool1d", rank: 1, layer: this.describe() } as const;
    this.#windows = new PoolingWindows(kind, kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    return this.#windows.over(x, { value: -Infinity }).max({ axis: -1 }).values;
  }
}
