import type { Tensor } from "@stargrad/tensor";
import { expectValues, belowOne, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface RMSpropOptions extends OptimizerOptions {
  /** The decay rate of the moments. Default: 0.99. */
  readonly alpha?: number;
  /** Added to the denominator to avoid a division by 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** The momentum: the decay rate of the velocity. Default: 0, no velocity. */
  readonly momentum?: number;
  /** Whether to divide by the standard deviation of the gradient instead of its root mean square. Default: false. */
  readonly centered?: boolean;
  /** The coefficient of weight decay (L2), which is added to the gradient. Default: 0. */
  readonly weightDecay?: number;
}

/** The running means of the square of the gradient and, if centered, of the gradient, and the velocity if there is one. */
export type RMSpropState = "secondMoment" | "firstMoment" | "velocity";

/**
 * RMSprop, with weight decay λ and momentum μ; v is the second moment, m the first:
 *
 *     g ← g + λ p
 *     v ← α v + (1 − α) g²
 *     m ← α m + (1 − α) g
 *     d ← g / (√v + ε)           if centered g / (√(v − m²) + ε)
 *     b ← μ b + d                without momentum b ← d
 *     p ← p − η b
 *
 * Defaults: learningRate η 0.01, alpha α 0.99, epsilon ε 1e-8, everything else 0 and false
 * Throws: ArgumentError if a number is negative or alpha not below 1
 * Source: Hinton, "Neural Networks for Machine Learning", 2012, lecture 6e; centered: Graves, "Generating Sequences With
 *         Recurrent Neural Networks", 2013, eq. 38–45; torch.optim.RMSprop
 */
export class RMSprop extends Optimizer<RMSpropOptions, RMSpropState> {
  static override get name(): string {
    return "RMSprop";
  }

  constructor(parameters: ParameterSource<RMSpropOptions>, options: RMSpropOptions = {}) {
    super(parameters, options, {
      learningRate: 1e-2,
      alpha: 0.99,
      epsilon: 1e-8,
      momentum: 0,
      centered: false,
      weightDecay: 0,
      maximize: false,
    });
  }

  protected check({ learningRate, alpha, epsilon, momentum, weightDecay }: Settings<RMSpropOptions>): void {
    expectValues(this.constructor.name, { learningRate, epsilon, momentum, weightDecay }, notNegative);
    expectValues(this.constructor.name, { alpha }, belowOne);
  }

  protected initialState(settings: Settings<RMSpropOptions>): Partial<Record<RMSpropState, number>> {
    return {
      secondMoment: 0,
      ...(settings.centered ? { firstMoment: 0 } : {}),
      ...(settings.momentum === 0 ? {} : { velocity: 0 }),
    };
  }

  protected numbers({ learningRate, alpha, epsilon, momentum, weightDecay }: Settings<RMSpropOptions>) {
    return { learningRate, alpha, rest: 1 - alpha, epsilon, momentum, weightDecay };
  }

  protected structure({ momentum, centered, weightDecay }: Settings<RMSpropOptions>) {
    return { decays: weightDecay !== 0, centered, hasVelocity: momentum !== 0 };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { secondMoment: v, firstMoment: m, velocity: b }: State<RMSpropState>,
    { learningRate, alpha, rest, epsilon, momentum, weightDecay }: Tensors<RMSprop["numbers"]>,
    { decays, centered, hasVelocity }: ReturnType<RMSprop["structure"]>,
  ): Update<RMSpropState> {
    const g = decays ? gradient.add(parameter.mul(weightDecay)) : gradient;
    const secondMoment = v.mul(alpha).add(g.square().mul(rest));
    const firstMoment = centered ? m.mul(alpha).add(g.mul(rest)) : null;
    const variance = firstMoment === null ? secondMoment : secondMoment.sub(firstMoment.square());
    const direction = g.div(variance.sqrt().add(epsilon));
    const velocity = hasVelocity ? b.mul(momentum).add(direction) : null;
    return {
      parameter: parameter.sub((velocity ?? direction).mul(learningRate)),
      state: {
        secondMoment,
        ...(firstMoment === null ? {} : { firstMoment }),
        ...(velocity === null ? {} : { velocity }),
      },
    };
  }
}
