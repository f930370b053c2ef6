import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { eachAxis, expectWhole } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { spansOf } from "./convolution.js";
import { expectSpatial, nameOfAxis, type Rank } from "./spatial.js";

/** The options that decide where the windows of a pooling layer lie. Each class says which it takes. */
export interface PoolingOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly ceilMode?: boolean;
}

/** What a pooling layer is called, and along how many axes its windows slide. */
export interface PoolingKind {
  /** Its name: `"MaxPool2d"`. */
  readonly name: string;
  readonly rank: Rank;
  /** The layer as it was made, for errors: `"MaxPool2d(2)"`. */
  readonly layer: string;
}

/** How windows lie along one axis: what is put before and after it, and how many windows there are. */
interface AxisWindows {
  readonly around: readonly [before: number, after: number];
  readonly count: number;
}

/** The windows of a pooling layer: PyTorch's rules for where they begin, which every kind of pooling shares. */
export class PoolingWindows {
  readonly #rank: Rank;
  readonly #size: readonly number[];
  readonly #stride: readonly number[];
  readonly #padding: readonly number[];
  readonly #dilation: readonly number[];
  readonly #ceilMode: boolean;
  readonly #layer: string;

  constructor(
    { name, rank, layer }: PoolingKind,
    kernelSize: number | readonly number[],
    options: PoolingOptions,
  ) {
    const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
    expectWhole(name, { kernelSize, stride, dilation }, { least: 1, axes: rank });
    expectWhole(name, { padding }, { least: 0, axes: rank });
    this.#rank = rank;
    [this.#size, this.#stride] = [eachAxis(kernelSize, rank), eachAxis(stride, rank)];
    [this.#padding, this.#dilation] = [eachAxis(padding, rank), eachAxis(dilation, rank)];
    this.#ceilMode = ceilMode;
    this.#layer = layer;
    if (this.#padding.some((amount, axis) => amount > this.#size[axis] / 2)) {
      // A window of nothing but padding would have nothing to answer.
      throw new ArgumentError(this.#layer, "the padding is too wide; expected at most half the kernel");
    }
  }

  /** The elements of every window, [N, C, P, Q] and a last axis, where x is padded with the given value. */
  over(x: Tensor, { value }: { readonly value: number }): Tensor {
    expectFloat(this.#layer, x);
    expectSpatial(this.#layer, x, this.#rank);
    const around = this.#windowsOn(x).map((places) => places.around);
    const leading = x.shape.slice(0, -this.#rank).map(() => [0, 0] as const);
    return x
      .pad([...leading, ...around], { value })
      .unfold({ size: this.#size, stride: this.#stride, dilation: this.#dilation }) // [N, C, P, Q, kH, kW]
      .flatten({ startAxis: -this.#rank });
  }

  /**
   * How many elements of x each window holds, along each axis; with `countIncludePad` also those of the padding, but
   * never those that a last window in ceilMode hangs over.
   */
  counts(x: Tensor, { countIncludePad }: { readonly countIncludePad: boolean }): number[][] {
    return this.#windowsOn(x).map(({ count }, axis) => {
      const length = x.shape[x.ndim - this.#rank + axis];
      const margin = countIncludePad ? this.#padding[axis] : 0;
      return Array.from({ length: count }, (_, place) => {
        const start = place * this.#stride[axis] - this.#padding[axis];
        const end = start + this.#size[axis];
        return Math.min(end, length + margin) - Math.max(start, -margin);
      });
    });
  }

  #windowsOn(x: Tensor): AxisWindows[] {
    const spans = spansOf({ size: this.#size, dilation: this.#dilation });
    return spans.map((span, axis) => {
      const length = x.shape[x.ndim - this.#rank + axis];
      const [stride, padding] = [this.#stride[axis], this.#padding[axis]];
      const slack = this.#ceilMode ? stride - 1 : 0;
      const least = span - slack - 2 * padding;
      const name = nameOfAxis(this.#rank, axis);
      expectShape(this.#layer, x, length >= least, `a ${name} of at least ${least}`);

      const room = length + 2 * padding - span;
      const last = Math.floor((room + slack) / stride) * stride;
      // A window that would begin behind the image, in the padding, is left out.
      const overhang = last < length + padding ? Math.max(last - room, 0) : 0;
      return {
        around: [padding, padding + overhang],
        count: Math.floor((room + overhang) / stride) + 1,
      };
    });
  }
}
