import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";
import { expectWhole, pairOf, writeLayer, type Pair } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";

export interface MaxPool2dOptions {
  /** How far apart the windows are. Default: the kernel size, so that they do not overlap. */
  readonly stride?: number | Pair;
  /** How many −∞ are put on each side; at most half the kernel. Default: 0. */
  readonly padding?: number | Pair;
  /** How far apart the elements of a window are. Default: 1. */
  readonly dilation?: number | Pair;
  /** Whether a last window that hangs over the edge counts, if it begins inside. Default: false. */
  readonly ceilMode?: boolean;
}

/**
 * The largest element of every window: `y[n, c, p, q] = max x[n, c, p·s + i·d, q·s + j·d]` over the window's places i, j;
 * s is the stride, d the dilation, and x is padded with −∞. Of several largest the first gets the gradient.
 *
 * Shapes: x [N, C, H, W] -> y [N, C, P, Q], or both without N;
 *         P = ⌊(H + 2 · padding − dilation · (kH − 1) − 1) / stride⌋ + 1, rounded up for ceilMode, Q likewise
 * Throws: ArgumentError if the padding is more than half the kernel; ShapeError if x has other axes or is smaller than a
 *         window
 * Source: torch.nn.MaxPool2d
 */
export class MaxPool2d extends Module {
  readonly #size: Pair;
  readonly #stride: Pair;
  readonly #padding: Pair;
  readonly #dilation: Pair;
  readonly #ceilMode: boolean;
  readonly #written: string;

  constructor(kernelSize: number | Pair, options: MaxPool2dOptions = {}) {
    super();
    const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
    expectWhole("MaxPool2d", { kernelSize, stride, dilation }, { least: 1 });
    expectWhole("MaxPool2d", { padding }, { least: 0 });
    [this.#size, this.#stride] = [pairOf(kernelSize), pairOf(stride)];
    [this.#padding, this.#dilation] = [pairOf(padding), pairOf(dilation)];
    this.#ceilMode = ceilMode;
    this.#written = writeLayer("MaxPool2d", [kernelSize], options);
    if (this.#padding.some((amount, axis) => amount > this.#size[axis] / 2)) {
      // A window of nothing but padding would answer −∞.
      throw new ArgumentError(this.#written, "the padding is too wide; expected at most half the kernel");
    }
  }

  forward(x: Tensor): Tensor {
    expectFloat(this.#written, x);
    expectShape(this.#written, x, x.ndim === 3 || x.ndim === 4, "[N, C, H, W] or [C, H, W]");
    const [height, width] = [this.#paddingOf(x, 0), this.#paddingOf(x, 1)];
    const leading = x.shape.slice(0, -2).map(() => [0, 0] as const);
    const windows = x
      .pad([...leading, height, width], { value: -Infinity })
      .windows({ size: this.#size, stride: this.#stride, dilation: this.#dilation }); // [N, C, P, Q, kH, kW]
    return windows.flatten({ startAxis: -2 }).max({ axis: -1 }).values;
  }

  override toString(): string {
    return this.#written;
  }

  /** How many −∞ go before and after an axis of the image; in ceilMode also those that a last window hangs over. */
  #paddingOf(x: Tensor, axis: 0 | 1): Pair {
    const length = x.shape[x.ndim - 2 + axis];
    const [stride, padding] = [this.#stride[axis], this.#padding[axis]];
    const span = this.#dilation[axis] * (this.#size[axis] - 1) + 1;
    const slack = this.#ceilMode ? stride - 1 : 0;
    const least = span - slack - 2 * padding;
    expectShape(
      this.#written,
      x,
      length >= least,
      `a ${axis === 0 ? "height" : "width"} of at least ${least}`,
    );

    const room = length + 2 * padding - span;
    const last = Math.floor((room + slack) / stride) * stride;
    // A window that would begin behind the image, in the padding, is left out.
    const overhang = last < length + padding ? Math.max(last - room, 0) : 0;
    return [padding, padding + overhang];
  }
}
