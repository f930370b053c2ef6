import type { Tensor } from "@stargrad/tensor";
import { expectValues, belowOne, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface AdadeltaOptions extends OptimizerOptions {
  /** A factor on the step, whose size the method determines itself. Default: 1. */
  readonly learningRate?: number;
  /** The decay rate of the running means. Default: 0.9. */
  readonly rho?: number;
  /** Added to both means, so that neither the denominator nor the first steps are 0. Default: 1e-6. */
  readonly epsilon?: number;
  /** The coefficient of weight decay (L2), which is added to the gradient. Default: 0. */
  readonly weightDecay?: number;
}

/** The running means of the square of the gradient and of the square of the change. */
export type AdadeltaState = "gradientSquare" | "changeSquare";

/**
 * Adadelta, with weight decay λ; v and u are the running means of the squares of gradients and of changes:
 *
 *     g ← g + λ p
 *     v ← ρ v + (1 − ρ) g²
 *     d ← √(u + ε) / √(v + ε) · g
 *     u ← ρ u + (1 − ρ) d²
 *     p ← p − α d
 *
 * Defaults: learningRate α 1, rho ρ 0.9, epsilon ε 1e-6, weightDecay 0
 * Throws: ArgumentError if a number is negative or rho not below 1
 * Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1; torch.optim.Adadelta
 */
export class Adadelta extends Optimizer<AdadeltaOptions, AdadeltaState> {
  static override get name(): string {
    return "Adadelta";
  }

  constructor(parameters: ParameterSource<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    super(parameters, options, {
      learningRate: 1,
      rho: 0.9,
      epsilon: 1e-6,
      weightDecay: 0,
      maximize: false,
    });
  }

  protected check({ learningRate, rho, epsilon, weightDecay }: Settings<AdadeltaOptions>): void {
    expectValues(this.constructor.name, { learningRate, epsilon, weightDecay }, notNegative);
    expectValues(this.constructor.name, { rho }, belowOne);
  }

  protected initialState(): Record<AdadeltaState, number> {
    return { gradientSquare: 0, changeSquare: 0 };
  }

  protected numbers({ learningRate, rho, epsilon, weightDecay }: Settings<AdadeltaOptions>) {
    return { learningRate, rho, rest: 1 - rho, epsilon, weightDecay };
  }

  protected structure({ weightDecay }: Settings<AdadeltaOptions>) {
    return { decays: weightDecay !== 0 };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { gradientSquare: v, changeSquare: u }: State<AdadeltaState>,
    { learningRate, rho, rest, epsilon, weightDecay }: Tensors<Adadelta["numbers"]>,
    { decays }: ReturnType<Adadelta["structure"]>,
  ): Update<AdadeltaState> {
    const g = decays ? gradient.add(parameter.mul(weightDecay)) : gradient;
    const gradientSquare = v.mul(rho).add(g.square().mul(rest));
    const change = u.add(epsilon).sqrt().div(gradientSquare.add(epsilon).sqrt()).mul(g);
    const changeSquare = u.mul(rho).add(change.square().mul(rest));
    return { parameter: parameter.sub(change.mul(learningRate)), state: { gradientSquare, changeSquare } };
  }
}
