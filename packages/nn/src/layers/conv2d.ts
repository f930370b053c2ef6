import { Parameter } from "@stargrad/autograd";
import { ArgumentError, type FloatOptions, type Tensor } from "@stargrad/tensor";
import { fanIn, fanInUniform } from "../init.js";
import { Module } from "../module.js";
import { expectWhole, pairOf, writeLayer, type Pair } from "../options.js";
import { expectShape } from "../shapes.js";

export interface Conv2dOptions extends FloatOptions {
  /** How far apart the windows are. Default: 1. */
  readonly stride?: number | Pair;
  /**
   * Zeros put around the image; `"valid"` is none, and `"same"` as many as keep its size, the odd one after it.
   * Default: 0.
   */
  readonly padding?: number | Pair | "same" | "valid";
  /** How far apart the elements of a window are. Default: 1. */
  readonly dilation?: number | Pair;
  /** Into how many groups the channels are divided; each output sees the inputs of its own. Default: 1. */
  readonly groups?: number;
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * Slides its weight over an image: `y[n, o, p, q] = b[o] + Σ w[o, c, i, j] · x[n, c, p·s + i·d, q·s + j·d]`, summed over
 * channels c and window places i, j; s is the stride, d the dilation, and x is padded.
 *
 * Shapes: x [N, in, H, W] -> y [N, out, P, Q], or both without N; weight [out, in / groups, kH, kW], bias [out];
 *         P = ⌊(H + padding − dilation · (kH − 1) − 1) / stride⌋ + 1 with the padding of both sides, Q likewise
 * Init:   uniform ±1/√(in / groups · kH · kW) for both
 * Throws: ArgumentError if the options do not fit together; ShapeError if x has other axes or is smaller than a window
 * Source: torch.nn.Conv2d
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly #groups: number;
  readonly #windows: { readonly size: Pair; readonly stride: Pair; readonly dilation: Pair };
  readonly #padding: readonly [Pair, Pair];
  readonly #written: string;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: Conv2dOptions = {},
  ) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, ...random } = options;
    expectWhole("Conv2d", { inChannels, outChannels, kernelSize, stride, dilation, groups }, { least: 1 });
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ArgumentError(
        "Conv2d",
        `got ${inChannels} input and ${outChannels} output channels in ${groups} groups; expected groups of equal size`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.#groups = groups;
    this.#windows = { size: pairOf(kernelSize), stride: pairOf(stride), dilation: pairOf(dilation) };
    this.#padding = paddingAround(padding, this.#windows);
    this.#written = writeLayer("Conv2d", [inChannels, outChannels, kernelSize], options);

    const shape = [outChannels, inChannels / groups, ...this.#windows.size];
    this.weight = new Parameter(fanInUniform(shape, fanIn(shape), random));
    this.bias = bias ? new Parameter(fanInUniform([outChannels], fanIn(shape), random)) : null;
  }

  forward(x: Tensor): Tensor {
    this.#expectImage(x);
    if (x.ndim === 3) return this.forward(x.unsqueeze(0)).squeeze(0);

    const [groups, inner] = [this.#groups, this.inChannels / this.#groups];
    const [kernelHeight, kernelWidth] = this.#windows.size;
    const windows = x.pad([[0, 0], [0, 0], ...this.#padding]).windows(this.#windows);
    const [batch, , height, width] = windows.shape;
    // Every output is a row of weights times a column of inputs: one matrix product per group.
    const columns = windows // [N, C, P, Q, kH, kW]
      .reshape([batch, groups, inner, height, width, kernelHeight, kernelWidth])
      .permute([1, 2, 5, 6, 0, 3, 4]) // [G, C/G, kH, kW, N, P, Q]
      .reshape([groups, inner * kernelHeight * kernelWidth, batch * height * width]);
    const rows = this.weight.reshape([groups, this.outChannels / groups, columns.shape[1]]);
    const y = rows
      .matmul(columns) // [G, O/G, N·P·Q]
      .reshape([this.outChannels, batch, height, width])
      .permute([1, 0, 2, 3]);
    return this.bias === null ? y : y.add(this.bias.reshape([this.outChannels, 1, 1]));
  }

  override toString(): string {
    return this.#written;
  }

  #expectImage(x: Tensor): void {
    const isImage = (x.ndim === 3 || x.ndim === 4) && x.shape[x.ndim - 3] === this.inChannels;
    expectShape(this.#written, x, isImage, `[N, ${this.inChannels}, H, W] or [${this.inChannels}, H, W]`);
    const { size, dilation } = this.#windows;
    const least = size.map((length, axis) => {
      const [before, after] = this.#padding[axis];
      return Math.max(dilation[axis] * (length - 1) + 1 - before - after, 0);
    });
    const fits = least.every((length, axis) => x.shape[x.ndim - 2 + axis] >= length);
    expectShape(this.#written, x, fits, `an image of at least ${least[0]} × ${least[1]}`);
  }
}

/** How many zeros go before and after each axis. */
function paddingAround(
  padding: NonNullable<Conv2dOptions["padding"]>,
  { size, stride, dilation }: { readonly size: Pair; readonly stride: Pair; readonly dilation: Pair },
): [Pair, Pair] {
  if (padding === "same") {
    if (stride.some((step) => step !== 1)) {
      throw new ArgumentError(
        "Conv2d",
        `got padding "same" with stride [${stride.join(", ")}]; expected stride 1`,
        "A longer stride cannot keep the size; give the padding as a number",
      );
    }
    const around = (axis: 0 | 1): Pair => {
      const total = dilation[axis] * (size[axis] - 1);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    };
    return [around(0), around(1)];
  }
  const amount = padding === "valid" ? 0 : padding;
  expectWhole("Conv2d", { padding: amount }, { least: 0 });
  const [height, width] = pairOf(amount);
  return [
    [height, height],
    [width, width],
  ];
}
