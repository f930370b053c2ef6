import type { Tensor } from "@stargrad/tensor";
import { where } from "@stargrad/tensor";
import { expectValues, decayRates, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface LambOptions extends OptimizerOptions {
  /** How much of each moment is kept from step to step. Default: [0.9, 0.999]. */
  readonly betas?: readonly [first: number, second: number];
  /** What keeps the denominator from 0. Default: 1e-6. */
  readonly epsilon?: number;
  /** The weight decay, which is part of the direction before it is scaled. Default: 0.01. */
  readonly weightDecay?: number;
}

/** The running means of the gradient and of its square. */
type Moment = "firstMoment" | "secondMoment";

/**
 * LAMB, for large batches: Adam's direction, scaled to the norm of the parameter, so that every layer changes by the same fraction
 * of its norm; λ is the weight decay, and t counts the steps:
 *
 *     m ← β₁ m + (1 − β₁) g
 *     v ← β₂ v + (1 − β₂) g²
 *     u ← m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε) + λ p
 *     p ← p − α ‖p‖ / ‖u‖ u                               with 1 for ‖p‖ / ‖u‖ where one of the norms is 0
 *
 * Defaults: learningRate α 0.001, betas [0.9, 0.999], epsilon ε 1e-6, weightDecay 0.01
 * Throws: ArgumentError if a number is negative or a beta not below 1
 * Source: You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020, algorithm 2, with φ(z) = z
 */
export class Lamb extends Optimizer<LambOptions, Moment> {
  static override get name(): string {
    return "Lamb";
  }

  constructor(parameters: ParameterSource<LambOptions>, options: LambOptions = {}) {
    super(parameters, options, {
      learningRate: 1e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-6,
      weightDecay: 0.01,
      maximize: false,
    });
  }

  protected check({ learningRate, betas, epsilon, weightDecay }: Settings<LambOptions>): void {
    expectValues(this.constructor.name, { learningRate, epsilon, weightDecay }, notNegative);
    expectValues(this.constructor.name, { betas }, decayRates);
  }

  protected initialState(): Record<Moment, number> {
    return { firstMoment: 0, secondMoment: 0 };
  }

  protected numbers(settings: Settings<LambOptions>, step: number) {
    const { learningRate, betas, epsilon, weightDecay } = settings;
    const [beta1, beta2] = betas;
    return {
      learningRate,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      firstCorrection: 1 - beta1 ** step,
      secondCorrection: 1 - beta2 ** step,
      epsilon,
      weightDecay,
    };
  }

  protected structure({ weightDecay }: Settings<LambOptions>) {
    return { decays: weightDecay !== 0 };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { firstMoment: m, secondMoment: v }: State<Moment>,
    numbers: Tensors<Lamb["numbers"]>,
    { decays }: ReturnType<Lamb["structure"]>,
  ): Update<Moment> {
    const { learningRate, beta1, rest1, beta2, rest2, epsilon, weightDecay } = numbers;
    const firstMoment = m.mul(beta1).add(gradient.mul(rest1));
    const secondMoment = v.mul(beta2).add(gradient.square().mul(rest2));
    const scale = secondMoment.div(numbers.secondCorrection).sqrt().add(epsilon);
    const adapted = firstMoment.div(numbers.firstCorrection).div(scale);
    const direction = decays ? adapted.add(parameter.mul(weightDecay)) : adapted;
    return {
      parameter: parameter.sub(direction.mul(trustRatio(parameter, direction)).mul(learningRate)),
      state: { firstMoment, secondMoment },
    };
  }
}

/** The norm of the parameter divided by that of the direction; 1 if one of them is 0. */
function trustRatio(parameter: Tensor, direction: Tensor): Tensor {
  const [size, change] = [parameter.norm(), direction.norm()];
  return where(size.equal(0).logicalOr(change.equal(0)), 1, size.div(change));
}
