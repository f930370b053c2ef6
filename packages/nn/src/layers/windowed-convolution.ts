import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { eachAxis, expectWhole } from "../options.js";
import {
  Convolution,
  spansOf,
  type ConvolutionKind,
  type ConvolutionOptions,
  type Windows,
} from "./convolution.js";

export interface WindowedOptions extends ConvolutionOptions {
  readonly padding?: number | readonly number[] | "same" | "valid";
}

/** The number of zeros before and after an axis. */
type Padding = readonly [before: number, after: number];

/** The base class of Conv1d, Conv2d and Conv3d: every output is a weighted sum over a window of the input. */
export abstract class WindowedConvolution extends Convolution {
  readonly #padding: readonly Padding[];

  constructor(
    kind: Omit<ConvolutionKind, "transposed">,
    inChannels: number,
    outChannels: number,
    kernelSize: number | readonly number[],
    options: WindowedOptions,
  ) {
    super({ ...kind, transposed: false }, inChannels, outChannels, kernelSize, options);
    const { padding = 0 } = options;
    this.#padding = paddingAround(kind.name, padding, this.windows);
  }

  protected override leastSize(): number[] {
    return spansOf(this.windows).map((span, axis) => {
      const [before, after] = this.#padding[axis];
      return Math.max(span - before - after, 0);
    });
  }

  protected override convolve(x: Tensor): Tensor {
    const [groups, inner] = [this.groups, this.inChannels / this.groups];
    const { size } = this.windows;
    const windows = x.pad([[0, 0], [0, 0], ...this.#padding]).unfold(this.windows);
    const batch = windows.shape[0];
    const counts = windows.shape.slice(2, 2 + size.length);
    const countAxes = counts.map((_, i) => 3 + i);
    const kernelAxes = size.map((_, i) => 3 + size.length + i);
    const weight = this.weight.reshape([groups, this.outChannels / groups, -1]);
    // Every output is the product of a row of weights and a column of inputs, so each group is one matrix product.
    const columns = windows // [N, C, P, Q, kH, kW]
      .reshape([batch, groups, inner, ...counts, ...size])
      .permute([1, 2, ...kernelAxes, 0, ...countAxes]) // [G, C/G, kH, kW, N, P, Q]
      .reshape([groups, weight.shape[2], counts.reduce((product, count) => product * count, batch)]);
    return weight
      .matmul(columns) // [G, O/G, N·P·Q]
      .reshape([this.outChannels, batch, ...counts])
      .transpose(0, 1);
  }
}

function paddingAround(
  called: string,
  padding: NonNullable<WindowedOptions["padding"]>,
  windows: Windows,
): Padding[] {
  if (padding === "same") {
    if (windows.stride.some((step) => step !== 1)) {
      throw new ArgumentError(
        called,
        `got padding "same" with stride [${windows.stride.join(", ")}]; expected stride 1`,
        "A longer stride cannot keep the size; give the padding as a number",
      );
    }
    return spansOf(windows).map((span) => [Math.floor((span - 1) / 2), Math.ceil((span - 1) / 2)]);
  }
  const amount = padding === "valid" ? 0 : padding;
  const axes = windows.size.length;
  expectWhole(called, { padding: amount }, { least: 0, axes });
  return eachAxis(amount, axes).map((length) => [length, length]);
}
