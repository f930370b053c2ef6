import { Parameter } from "@stargrad/autograd";
import { ones, zeros, type Shape, type Tensor, type TensorUnless } from "@stargrad/tensor";
import { flag, notNegative, type OptionKinds } from "@stargrad/tensor/internal";
import { floatOptions } from "../options.js";
import type { DeclaredRule, InputShape, ShapeRule, TrailingProblem } from "../shape-rule.js";
import { expectFloat } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import {
  expectTrailing,
  momentsOf,
  normalizedAxes,
  scaleAndShift,
  standardize,
  type DTypeOptions,
} from "./normalization.js";

export interface LayerNormOptions extends DTypeOptions {
  /** Added to the variance, so that constant features are not divided by 0. Default: 1e-5. */
  readonly epsilon?: number;
  /** Whether to apply a weight and a bias for each feature. Default: true. */
  readonly elementwiseAffine?: boolean;
  /** Whether to apply a bias in addition to the weight. Default: true. */
  readonly bias?: boolean;
}

interface LayerNormShapes extends ShapeRule {
  readonly last: unknown;
  readonly output: InputShape<this>;
  readonly problem: TrailingProblem<"LayerNorm", InputShape<this>, this["last"]>;
}

/**
 * Normalizes the features of every item to mean 0 and variance 1: `y = (x − mean) / √(var + ε) · w + b` with the biased variance,
 * over the last axes.
 *
 * Shapes: x […, …normalizedShape] -> y the same; weight, bias normalizedShape
 * Init:   weight 1, bias 0
 * Throws: ArgumentError if an option does not fit; ShapeError if the last axes of x are not normalizedShape
 * Source: Ba et al., "Layer Normalization", 2016, eq. 4; torch.nn.LayerNorm
 */
export class LayerNorm<const Last extends number | Shape = number | Shape> extends TensorModule {
  declare readonly shapeRule?: DeclaredRule<LayerNormShapes, { readonly last: Last }>;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly normalizedShape: readonly number[];
  readonly #epsilon: number;

  constructor(normalizedShape: Last, options: LayerNormOptions = {}) {
    super("LayerNorm", [normalizedShape], options, {
      epsilon: notNegative,
      elementwiseAffine: flag,
      bias: flag,
      dtype: floatOptions.dtype,
    } satisfies OptionKinds<LayerNormOptions>);
    const { epsilon = 1e-5, elementwiseAffine = true, bias = true, ...others } = options;
    const shape = normalizedAxes("LayerNorm", normalizedShape);
    this.weight = elementwiseAffine ? new Parameter(ones(shape, others)) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(zeros(shape, others)) : null;
    this.normalizedShape = shape;
    this.#epsilon = epsilon;
  }

  forward<S extends Shape>(x: TensorUnless<TrailingProblem<"LayerNorm", S, Last>, S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    expectFloat(this.describe(), x);
    const axes = expectTrailing(this.describe(), x, this.normalizedShape);
    return scaleAndShift(standardize(x, momentsOf(x, axes), this.#epsilon), this.weight, this.bias);
  }
}
