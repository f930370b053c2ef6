import { Parameter } from "@stargrad/autograd";
import { ArgumentError, type FloatOptions, type Tensor } from "@stargrad/tensor";
import { anything, count, flag } from "@stargrad/tensor/internal";
import { fanIn, fanInUniform } from "../init.js";
import { eachAxis, expectWhole, floatOptions, randomOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";
import { expectSize, expectSpatial, type Rank } from "./spatial.js";

/** The options of all convolutions, for any number of axes. Each class declares and documents the ones that it accepts. */
export interface ConvolutionOptions extends FloatOptions {
  readonly stride?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly groups?: number;
  readonly bias?: boolean;
}

/** The name of a convolution, and the number of its spatial axes. */
export interface ConvolutionKind {
  readonly name: string;
  readonly rank: Rank;
  /** Whether the first axis of the weight is that of the input channels. */
  readonly transposed: boolean;
}

/** The size and the spacing of windows, one number for each axis. */
export interface Windows {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

/**
 * The base class of all convolutions: channels in groups, windows, a weight and a bias.
 *
 * Shapes: weight [out, in / groups, …kernel], or [in, out / groups, …kernel] if transposed; bias [out]
 * Init:   uniform ±1/√fanIn for both, where fanIn is the product of all axes of the weight except the first
 */
export abstract class Convolution extends TensorModule {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly inChannels: number;
  readonly outChannels: number;
  protected readonly groups: number;
  protected readonly windows: Windows;

  constructor(
    { name, rank, transposed }: ConvolutionKind,
    inChannels: number,
    outChannels: number,
    kernelSize: number | readonly number[],
    options: ConvolutionOptions,
  ) {
    super(name, [inChannels, outChannels, kernelSize], options, {
      stride: anything,
      padding: anything,
      ...(transposed ? { outputPadding: anything } : {}),
      dilation: anything,
      groups: count,
      bias: flag,
      ...floatOptions,
    });
    const { stride = 1, dilation = 1, groups = 1, bias = true } = options;
    const random = randomOptions(options);
    expectWhole(name, { inChannels, outChannels, groups }, { least: 1 });
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

    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    const shape = [...channels, ...size];
    this.weight = new Parameter(fanInUniform(shape, fanIn(shape), random));
    this.bias = bias ? new Parameter(fanInUniform([outChannels], fanIn(shape), random)) : null;
  }

  forward(x: Tensor): Tensor {
    const rank = this.windows.size.length as Rank;
    expectSpatial(this.describe(), x, rank, this.inChannels);
    expectSize(this.describe(), x, this.leastSize());
    if (x.ndim === rank + 1) return this.forward(x.unsqueeze(0)).squeeze(0);
    const y = this.convolve(x);
    if (this.bias === null) return y;
    return y.add(this.bias.reshape([this.outChannels, ...this.windows.size.map(() => 1)]));
  }

  /** The smallest lengths of the axes that have an output. */
  protected abstract leastSize(): number[];

  /** The convolution of a batch, [N, in, …] -> [N, out, …], without the bias. */
  protected abstract convolve(x: Tensor): Tensor;
}

/** The number of elements that a window covers along each axis, with the gaps of the dilation. */
export function spansOf({ size, dilation }: Pick<Windows, "size" | "dilation">): number[] {
  return size.map((length, axis) => dilation[axis] * (length - 1) + 1);
}
