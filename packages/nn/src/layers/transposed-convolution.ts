import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { eachAxis, expectWhole } from "../options.js";
import { Convolution, spansOf, type ConvolutionKind, type ConvolutionOptions } from "./convolution.js";

export interface TransposedOptions extends ConvolutionOptions {
  readonly padding?: number | readonly number[];
  readonly outputPadding?: number | readonly number[];
}

/** The base class of ConvTranspose1d, 2d and 3d: every input element is multiplied by the weight and added to a window of the output. */
export abstract class TransposedConvolution extends Convolution {
  readonly #padding: readonly number[];
  readonly #outputPadding: readonly number[];

  constructor(
    kind: Omit<ConvolutionKind, "transposed">,
    inChannels: number,
    outChannels: number,
    kernelSize: number | readonly number[],
    options: TransposedOptions,
  ) {
    super({ ...kind, transposed: true }, inChannels, outChannels, kernelSize, options);
    const { padding = 0, outputPadding = 0 } = options;
    const { name, rank: axes } = kind;
    expectWhole(name, { padding, outputPadding }, { least: 0, axes });
    this.#padding = eachAxis(padding, axes);
    this.#outputPadding = eachAxis(outputPadding, axes);
    const { stride, dilation } = this.windows;
    if (this.#outputPadding.some((amount, axis) => amount >= Math.max(stride[axis], dilation[axis]))) {
      throw new ArgumentError(
        name,
        `got outputPadding [${this.#outputPadding.join(", ")}] with stride [${stride.join(", ")}] and dilation [${dilation.join(", ")}]; expected less than the stride or the dilation`,
      );
    }
  }

  protected override leastSize(): number[] {
    return spansOf(this.windows).map((span, axis) => {
      const missing = 2 * this.#padding[axis] - span - this.#outputPadding[axis] + 1;
      return 1 + Math.max(Math.ceil(missing / this.windows.stride[axis]), 0);
    });
  }

  protected override convolve(x: Tensor): Tensor {
    const [groups, inner] = [this.groups, this.inChannels / this.groups];
    const { size, stride, dilation } = this.windows;
    const [batch, , ...counts] = x.shape;
    const rank = size.length;
    const weight = this.weight.reshape([groups, inner, -1]).transpose(); // [G, O/G·kH·kW, C/G]
    const windows = weight
      .matmul(
        x.transpose(0, 1).reshape([groups, inner, counts.reduce((product, count) => product * count, batch)]),
      )
      .reshape([this.outChannels, ...size, batch, ...counts])
      .permute([1 + rank, 0, ...counts.map((_, i) => 2 + rank + i), ...size.map((_, i) => 1 + i)]);
    const lengths = spansOf(this.windows).map((span, axis) => (counts[axis] - 1) * stride[axis] + span);
    const ends = lengths.map((length, axis) => length + this.#outputPadding[axis] - this.#padding[axis]);
    return windows // [N, O, P, Q, kH, kW]
      .fold({ lengths, stride, dilation })
      .pad([[0, 0], [0, 0], ...this.#outputPadding.map((amount) => [0, amount] as const)])
      .slice([null, null, ...this.#padding.map((start, axis) => [start, ends[axis]] as const)]);
  }
}
