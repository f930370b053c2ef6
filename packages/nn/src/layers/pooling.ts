import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { anything, flag, type OptionKinds } from "@stargrad/tensor/internal";
import { eachAxis, expectWhole } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { spansOf } from "./convolution.js";
import { expectSpatial, nameOfAxis, type Rank } from "./spatial.js";

/** The options that determine the windows of a pooling layer. Each class declares the ones that it accepts. */
export interface PoolingOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly ceilMode?: boolean;
}

/** The kinds of these options; `expectWhole` checks the numbers, which may be lists. */
export const windowKinds: OptionKinds<PoolingOptions> = {
  stride: anything,
  padding: anything,
  dilation: anything,
  ceilMode: flag,
};

/** The name of a pooling layer, and the number of axes along which its windows move. */
export interface PoolingKind {
  /** Its name: `"MaxPool2d"`. */
  readonly name: string;
  readonly rank: Rank;
  /** The constructor call of the layer, for errors: `"MaxPool2d(2)"`. */
  readonly layer: string;
}

/** The windows along one axis: the padding before and after it, and the number of windows. */
interface AxisWindows {
  readonly around: readonly [before: number, after: number];
  readonly count: number;
}

/** The windows of a pooling layer, by PyTorch's rules, which all kinds of pooling share. */
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
      // A window that contains only padding would have no result.
      throw new ArgumentError(
        this.#layer,
        `got padding [${this.#padding.join(", ")}]; expected at most half of the kernel size [${this.#size.join(", ")}]`,
      );
    }
  }

  /** The elements of every window of x padded with the given value, [N, C, P, Q] and a last axis for the elements. */
  over(x: Tensor, { value }: { readonly value: number }): Tensor {
    expectFloat(this.#layer, x);
    expectSpatial(this.#layer, x, this.#rank);
    const around = this.#windowsOn(x).map((windows) => windows.around);
    const leading = x.shape.slice(0, -this.#rank).map(() => [0, 0] as const);
    return x
      .pad([...leading, ...around], { value })
      .unfold({ size: this.#size, stride: this.#stride, dilation: this.#dilation }) // [N, C, P, Q, kH, kW]
      .flatten({ startAxis: -this.#rank });
  }

  /**
   * The number of elements of x in each window, along each axis. `countIncludePad` includes those of the padding, but not
   * those beyond it, which the last window in ceilMode may cover.
   */
  counts(x: Tensor, { countIncludePad }: { readonly countIncludePad: boolean }): number[][] {
    return this.#windowsOn(x).map(({ count }, axis) => {
      const length = x.shape[x.ndim - this.#rank + axis];
      const margin = countIncludePad ? this.#padding[axis] : 0;
      return Array.from({ length: count }, (_, window) => {
        const start = window * this.#stride[axis] - this.#padding[axis];
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
      // A window that would begin after the image, in the padding, is omitted.
      const overhang = last < length + padding ? Math.max(last - room, 0) : 0;
      return {
        around: [padding, padding + overhang],
        count: Math.floor((room + overhang) / stride) + 1,
      };
    });
  }
}
