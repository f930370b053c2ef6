import { Parameter } from "@stargrad/autograd";
import { ones, type Shape, type Tensor, type TensorUnless } from "@stargrad/tensor";
import { flag, notNegative, type OptionKinds } from "@stargrad/tensor/internal";
import { floatOptions } from "../options.js";
import type { DeclaredRule, InputShape, ShapeRule, TrailingProblem } from "../shape-rule.js";
import { expectFloat } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import { expectTrailing, normalizedAxes, scaleAndShift, type DTypeOptions } from "./normalization.js";

export interface RMSNormOptions extends DTypeOptions {
  /**
   * Added to the mean square, so that zeros are not divided by 0. Default: the machine epsilon of the type of x.
   */
  readonly epsilon?: number;
  /** Whether to apply a weight for each feature. Default: true. */
  readonly elementwiseAffine?: boolean;
}

/** The distance from 1 to the next larger number of each type. */
const machineEpsilon = { float32: 2 ** -23, float64: 2 ** -52 } as const;

interface RMSNormShapes extends ShapeRule {
  readonly last: unknown;
  readonly output: InputShape<this>;
  readonly problem: TrailingProblem<"RMSNorm", InputShape<this>, this["last"]>;
}

/**
 * Normalizes the features of every item to a root mean square of 1: `y = x / √(mean(x²) + ε) · w`, over the last axes. Unlike
 * layer norm, it does not subtract the mean.
 *
 * Shapes: x […, …normalizedShape] -> y the same; weight normalizedShape
 * Init:   weight 1
 * Throws: ArgumentError if an option does not fit; ShapeError if the last axes of x are not normalizedShape
 * Source: Zhang & Sennrich, "Root Mean Square Layer Normalization", 2019, eq. 4; torch.nn.RMSNorm
 */
export class RMSNorm<const Last extends number | Shape = number | Shape> extends TensorModule {
  declare readonly shapeRule?: DeclaredRule<RMSNormShapes, { readonly last: Last }>;
  readonly weight: Parameter | null;
  readonly normalizedShape: readonly number[];
  readonly #epsilon: number | undefined;

  constructor(normalizedShape: Last, options: RMSNormOptions = {}) {
    super("RMSNorm", [normalizedShape], options, {
      epsilon: notNegative,
      elementwiseAffine: flag,
      dtype: floatOptions.dtype,
    } satisfies OptionKinds<RMSNormOptions>);
    const { epsilon, elementwiseAffine = true, ...others } = options;
    const shape = normalizedAxes("RMSNorm", normalizedShape);
    this.weight = elementwiseAffine ? new Parameter(ones(shape, others)) : null;
    this.normalizedShape = shape;
    this.#epsilon = epsilon;
  }

  forward<S extends Shape>(x: TensorUnless<TrailingProblem<"RMSNorm", S, Last>, S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    expectFloat(this.describe(), x);
    const axis = expectTrailing(this.describe(), x, this.normalizedShape);
    const epsilon = this.#epsilon ?? machineEpsilon[x.dtype === "float64" ? "float64" : "float32"];
    const scale = x.square().mean({ axis, keepDims: true }).add(epsilon).sqrt();
    return scaleAndShift(x.div(scale), this.weight, null);
  }
}
