import { Parameter } from "@stargrad/autograd";
import { einsum, type FloatOptions, formatShape, sameShape, ShapeError, type Tensor } from "@stargrad/tensor";
import { flag, type OptionKinds } from "@stargrad/tensor/internal";
import { fanInUniform } from "../init.js";
import { expectWhole, floatOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";

export interface BilinearOptions extends FloatOptions {
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

/**
 * Applies a bilinear form to two inputs, `y[o] = x₁ᵀ W[o] x₂ + b[o]`.
 *
 * Shapes: x₁ […, in₁], x₂ […, in₂] with the same leading axes -> y […, out]; weight [out, in₁, in₂], bias [out]
 * Init:   uniform ±1/√in₁ for both
 * Throws: ShapeError if the inputs do not fit the weight or each other
 * Source: torch.nn.Bilinear
 */
export class Bilinear extends TensorModule {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options: BilinearOptions = {}) {
    super("Bilinear", [in1Features, in2Features, outFeatures], options, {
      bias: flag,
      ...floatOptions,
    } satisfies OptionKinds<BilinearOptions>);
    expectWhole("Bilinear", { in1Features, in2Features, outFeatures }, { least: 1 });
    const { bias = true, ...random } = options;
    this.weight = new Parameter(fanInUniform([outFeatures, in1Features, in2Features], in1Features, random));
    this.bias = bias ? new Parameter(fanInUniform([outFeatures], in1Features, random)) : null;
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    const [in1, in2] = [this.in1Features, this.in2Features];
    const fits = x1.shape.at(-1) === in1 && x2.shape.at(-1) === in2;
    if (!fits || !sameShape(x1.shape.slice(0, -1), x2.shape.slice(0, -1))) {
      throw new ShapeError(
        this.describe(),
        `got ${formatShape(x1.shape)} and ${formatShape(x2.shape)}; expected […, ${in1}] and […, ${in2}] with the same leading axes`,
      );
    }
    const y = einsum("...i,oij,...j->...o", x1, this.weight, x2);
    return this.bias === null ? y : y.add(this.bias);
  }
}
