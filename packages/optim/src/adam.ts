import { zerosLike, type Tensor } from "@stargrad/tensor";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Update } from "./optimizer.js";
import { expectDecayRates, expectNotNegative } from "./ranges.js";

export interface AdamOptions extends OptimizerOptions {
  /** How much of each moment is kept from step to step. Default: [0.9, 0.999]. */
  readonly betas?: readonly [first: number, second: number];
  /** What keeps the denominator from 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** How strongly parameters are drawn to 0. Default: 0 in Adam, 0.01 in AdamW. */
  readonly weightDecay?: number;
  /** Whether to divide by the largest second moment so far. Default: false. */
  readonly amsgrad?: boolean;
}

/** The running means of the gradient and of its square, and the largest of the latter for amsgrad. */
export type Moment = "firstMoment" | "secondMoment" | "maxSecondMoment";

/**
 * Adam, with weight decay λ in the gradient; m and v are the first and the second moment, t counts the steps:
 *
 *     g ← g + λ p
 *     m ← β₁ m + (1 − β₁) g
 *     v ← β₂ v + (1 − β₂) g²
 *     p ← p − α / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)      with amsgrad the largest v so far
 *
 * Defaults: learningRate α 0.001, betas [0.9, 0.999], epsilon 1e-8, weightDecay 0
 * Throws: ArgumentError if a number is negative or a beta not below 1
 * Source: Kingma & Ba, "Adam", 2015, algorithm 1; Reddi et al., "On the Convergence of Adam and Beyond", 2018;
 *         torch.optim.Adam
 */
export class Adam extends Optimizer<AdamOptions, Moment> {
  constructor(parameters: ParameterSource<AdamOptions>, options: AdamOptions = {}) {
    super(parameters, options, {
      learningRate: 1e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0,
      amsgrad: false,
      maximize: false,
    });
  }

  protected check({ learningRate, betas, epsilon, weightDecay }: Settings<AdamOptions>): void {
    expectNotNegative(this.constructor.name, { learningRate, epsilon, weightDecay });
    expectDecayRates(this.constructor.name, betas);
  }

  protected stateNames({ amsgrad }: Settings<AdamOptions>): readonly Moment[] {
    return ["firstMoment", "secondMoment", ...(amsgrad ? (["maxSecondMoment"] as const) : [])];
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    state: State<Moment>,
    { learningRate, betas: [beta1, beta2], epsilon, weightDecay, amsgrad }: Settings<AdamOptions>,
  ): Update<Moment> {
    const { step, firstMoment: m = zerosLike(parameter), secondMoment: v = zerosLike(parameter) } = state;
    const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
    const firstMoment = m.mul(beta1).add(g.mul(1 - beta1));
    const secondMoment = v.mul(beta2).add(g.square().mul(1 - beta2));
    const maxSecondMoment = state.maxSecondMoment?.maximum(secondMoment) ?? secondMoment;
    const scale = (amsgrad ? maxSecondMoment : secondMoment).sqrt().div(Math.sqrt(1 - beta2 ** step));
    const change = firstMoment.div(scale.add(epsilon)).mul(learningRate / (1 - beta1 ** step));
    return {
      parameter: parameter.sub(change),
      state: { firstMoment, secondMoment, ...(amsgrad ? { maxSecondMoment } : {}) },
    };
  }
}
