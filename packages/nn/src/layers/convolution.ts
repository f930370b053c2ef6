import { Parameter } from "@stargrad/autograd";
import { ArgumentError, type FloatOptions, type Tensor } from "@stargrad/tensor";
import { fanIn, fanInUniform } from "../init.js";
import { Module } from "../module.js";
import { eachAxis, expectWhole, writeLayer } from "../options.js";
import { expectSize, expectSpatial, type Rank } from "./spatial.js";

/** The options of all convolutions, for any number of axes. Each class says which it takes and what they mean. */
export interface ConvolutionOptions extends FloatOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[] | "same" | "valid";
  readonly dilation?: number | readonly number[];
  readonly groups?: number;
  readonly bias?: boolean;
}

/** What kind of convolution a class is: the name it is called by and along how many axes it slides. */
export interface ConvolutionKind {
  readonly name: string;
  readonly rank: Rank;
  /** Whether the weight begins with the input channels, [in, out / groups, …]. */
  readonly transposed: boolean;
}

/** The windows a convolution lays over the axes. */
export interface ConvolutionWindows {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

/**
 * What all convolutions share: channels in groups, windows, a weight and a bias.
 *
 * Shapes: weight [out, in / groups, …kernel], or [in, out / groups, …kernel] if transposed; bias [out]
 * Init:   uniform ±1/√fanIn for both, where fanIn is the product of all axes of the weight but the first
 */
abstract class Convolution extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly inChannels: number;
  readonly outChannels: number;
  protected readonly groups: number;
  protected readonly windows: ConvolutionWindows;
  readonly #rank: Rank;
  readonly #written: string;

  constructor(
    { name, rank, transposed }: ConvolutionKind,
    inChannels: number,
    outChannels: number,
    kernelSize: number | readonly number[],
    options: ConvolutionOptions,
  ) {
    super();
    const { stride = 1, padding: _, dilation = 1, groups = 1, bias = true, ...random } = options;
    expectWhole(name, { inChannels, outChannels, groups }, { least: 1, axes: 1 });
    expectWhole(name, { kernelSize, stride, dilation }, { least: 1, axes: rank });
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ArgumentError(
        name,
        `got ${inChannels} input and ${outChannels} output channels in ${groups} groups; expected groups of equal size`,
      );
    }
    const size = eachAxis(kernelSize, rank);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.groups = groups;
    this.windows = { size, stride: eachAxis(stride, rank), dilation: eachAxis(dilation, rank) };
    this.#rank = rank;
    this.#written = writeLayer(name, [inChannels, outChannels, kernelSize], options);

    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    const shape = [...channels, ...size];
    this.weight = new Parameter(fanInUniform(shape, fanIn(shape), random));
    this.bias = bias ? new Parameter(fanInUniform([outChannels], fanIn(shape), random)) : null;
  }

  forward(x: Tensor): Tensor {
    expectSpatial(this.#written, x, this.#rank, this.inChannels);
    expectSize(this.#written, x, this.leastSize());
    if (x.ndim === this.#rank + 1) return this.forward(x.unsqueeze(0)).squeeze(0);
    const y = this.convolve(x);
    if (this.bias === null) return y;
    return y.add(this.bias.reshape([this.outChannels, ...this.windows.size.map(() => 1)]));
  }

  override toString(): string {
    return this.#written;
  }

  /** The shortest axes there is an output for. */
  protected abstract leastSize(): number[];

  /** The convolution of a batch, without the bias. */
  protected abstract convolve(x: Tensor): Tensor;
}

/** Sums over windows of the input: what Conv1d, Conv2d and Conv3d do along one, two and three axes. */
export abstract class WindowedConvolution extends Convolution {
  /** How many zeros go before and after each axis. */
  readonly #padding: readonly (readonly [before: number, after: number])[];

  constructor(
    kind: Omit<ConvolutionKind, "transposed">,
    inChannels: number,
    outChannels: number,
    kernelSize: number | readonly number[],
    options: ConvolutionOptions,
  ) {
    super({ ...kind, transposed: false }, inChannels, outChannels, kernelSize, options);
    this.#padding = paddingAround(kind.name, options.padding ?? 0, this.windows);
  }

  protected override leastSize(): number[] {
    return spanOf(this.windows).map((span, axis) => {
      const [before, after] = this.#padding[axis];
      return Math.max(span - before - after, 0);
    });
  }

  protected override convolve(x: Tensor): Tensor {
    const [groups, inner] = [this.groups, this.inChannels / this.groups];
    const { size } = this.windows;
    const windows = x.pad([[0, 0], [0, 0], ...this.#padding]).windows(this.windows);
    const [batch, , ...axes] = windows.shape;
    const places = axes.slice(0, size.length);
    // Every output is a row of weights times a column of inputs: one matrix product per group.
    const columns = windows // [N, C, P, Q, kH, kW]
      .reshape([batch, groups, inner, ...places, ...size])
      .permute([1, 2, ...places.map((_, i) => 3 + places.length + i), 0, ...places.map((_, i) => 3 + i)])
      .reshape([groups, product([inner, ...size]), product([batch, ...places])]); // [G, C/G·kH·kW, N·P·Q]
    return this.weight
      .reshape([groups, this.outChannels / groups, columns.shape[1]])
      .matmul(columns) // [G, O/G, N·P·Q]
      .reshape([this.outChannels, batch, ...places])
      .transpose(0, 1);
  }
}

/** The options of all transposed convolutions. */
export interface TransposedOptions extends ConvolutionOptions {
  readonly padding?: number | readonly number[];
  readonly outputPadding?: number | readonly number[];
}

/** Adds windows of the output up: what ConvTranspose1d and ConvTranspose2d do along one and two axes. */
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
    const { padding = 0, outputPadding = 0, ...others } = options;
    super({ ...kind, transposed: true }, inChannels, outChannels, kernelSize, others);
    const { name, rank } = kind;
    expectWhole(name, { padding, outputPadding }, { least: 0, axes: rank });
    this.#padding = eachAxis(padding, rank);
    this.#outputPadding = eachAxis(outputPadding, rank);
    const { stride, dilation } = this.windows;
    if (this.#outputPadding.some((amount, axis) => amount >= Math.max(stride[axis], dilation[axis]))) {
      throw new ArgumentError(
        name,
        `got outputPadding [${this.#outputPadding.join(", ")}] with stride [${stride.join(", ")}] and dilation [${dilation.join(", ")}]; expected less than one of them`,
      );
    }
  }
}

/** How long the axes are that a window covers. */
export function spanOf({ size, dilation }: ConvolutionWindows): number[] {
  return size.map((length, axis) => dilation[axis] * (length - 1) + 1);
}
