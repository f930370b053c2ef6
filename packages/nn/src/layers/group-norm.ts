import { Parameter } from "@stargrad/autograd";
import { ArgumentError, ones, zeros, type Shape, type Tensor } from "@stargrad/tensor";
import { flag, notNegative, type OptionKinds } from "@stargrad/tensor/internal";
import { expectWhole, floatOptions } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import { momentsOf, perChannel, scaleAndShift, standardize, type DTypeOptions } from "./normalization.js";

export interface GroupNormOptions extends DTypeOptions {
  /** Added to the variance, so that a constant group is not divided by 0. Default: 1e-5. */
  readonly epsilon?: number;
  /** Whether to apply a weight and a bias for each channel. Default: true. */
  readonly affine?: boolean;
}

/**
 * Normalizes every group of channels of every item to mean 0 and variance 1: `y = (x − mean) / √(var + ε) · w + b` with the biased
 * variance, over the group's channels and all further axes.
 *
 * Shapes: x [N, C, …] -> y the same; weight, bias [C]
 * Init:   weight 1, bias 0
 * Throws: ArgumentError if an option does not fit or the groups do not divide the channels; ShapeError if x has other
 *         channels
 * Source: Wu & He, "Group Normalization", 2018, section 3.1; torch.nn.GroupNorm
 */
export class GroupNorm extends TensorModule {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly numGroups: number;
  readonly numChannels: number;
  readonly #epsilon: number;

  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    super("GroupNorm", [numGroups, numChannels], options, {
      epsilon: notNegative,
      affine: flag,
      dtype: floatOptions.dtype,
    } satisfies OptionKinds<GroupNormOptions>);
    const { epsilon = 1e-5, affine = true, ...others } = options;
    expectWhole("GroupNorm", { numGroups, numChannels }, { least: 1 });
    if (numChannels % numGroups !== 0) {
      throw new ArgumentError(
        "GroupNorm",
        `got ${numChannels} channels in ${numGroups} groups; expected groups of equal size`,
      );
    }
    this.weight = affine ? new Parameter(ones([numChannels], others)) : null;
    this.bias = affine ? new Parameter(zeros([numChannels], others)) : null;
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.#epsilon = epsilon;
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    expectFloat(this.describe(), x);
    expectShape(
      this.describe(),
      x,
      x.ndim >= 2 && x.shape[1] === this.numChannels,
      `[N, ${this.numChannels}, …]`,
    );
    const [batch, channels, ...further] = x.shape;
    const groups = x.reshape([batch, this.numGroups, channels / this.numGroups, ...further]);
    const axes = [...groups.shape.keys()].slice(2);
    const y = standardize(groups, momentsOf(groups, axes), this.#epsilon).reshape(x.shape);
    return scaleAndShift(y, perChannel(this.weight, x), perChannel(this.bias, x));
  }
}
