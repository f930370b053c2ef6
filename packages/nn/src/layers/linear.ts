import { Parameter } from "@stargrad/autograd";
import type { FloatOptions, Shape, Tensor, TensorUnless } from "@stargrad/tensor";
import { flag, type OptionKinds } from "@stargrad/tensor/internal";
import { fanInUniform } from "../init.js";
import { expectWhole, floatOptions } from "../options.js";
import type { DeclaredRule, InputShape, KnownRank, LastAxisProblem, ShapeRule } from "../shape-rule.js";
import { expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

export interface LinearOptions extends FloatOptions {
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
}

type LinearProblem<S extends Shape, In extends number, Out extends number> = LastAxisProblem<
  `Linear(${In}, ${Out})`,
  S,
  In
>;

/** The shape with another last axis. */
type WithLast<S extends Shape, Last extends number> = [number] extends [Last]
  ? Shape
  : [Shape] extends [S]
    ? [...Shape, Last]
    : S extends readonly [...infer Outer extends Shape, number]
      ? [...Outer, Last]
      : Shape;

interface LinearShapes extends ShapeRule {
  readonly in: number;
  readonly out: number;
  readonly output: WithLast<InputShape<this>, this["out"]>;
  readonly problem: LinearProblem<InputShape<this>, this["in"], this["out"]>;
}

/**
 * Applies `y = x Wᵀ + b`.
 *
 * Shapes: x [..., in] -> y [..., out]; weight [out, in], bias [out]
 * Init:   uniform ±1/√in for both
 * Throws: ShapeError if the last axis of x is not `in`
 * Source: torch.nn.Linear
 */
export class Linear<In extends number = number, Out extends number = number> extends TensorModule {
  declare readonly shapeRule?: DeclaredRule<LinearShapes, { readonly in: In; readonly out: Out }>;
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly inFeatures: In;
  readonly outFeatures: Out;

  constructor(inFeatures: In, outFeatures: Out, options: LinearOptions = {}) {
    super("Linear", [inFeatures, outFeatures], options, {
      bias: flag,
      ...floatOptions,
    } satisfies OptionKinds<LinearOptions>);
    expectWhole("Linear", { inFeatures, outFeatures }, { least: 1 });
    const { bias = true, ...random } = options;
    this.weight = new Parameter(fanInUniform([outFeatures, inFeatures], inFeatures, random));
    this.bias = bias ? new Parameter(fanInUniform([outFeatures], inFeatures, random)) : null;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
  }

  forward<S extends Shape>(
    x: TensorUnless<LinearProblem<S, In, Out>, S>,
  ): Tensor<KnownRank<WithLast<S, Out>>>;
  forward(x: Tensor): Tensor {
    expectShape(this.describe(), x, x.shape.at(-1) === this.inFeatures, `[…, ${this.inFeatures}]`);
    const y = x.matmul(this.weight.transpose());
    return this.bias === null ? y : y.add(this.bias);
  }
}
