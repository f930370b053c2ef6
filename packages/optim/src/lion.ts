import type { Tensor } from "@stargrad/tensor";
import { expectValues, decayRates, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface LionOptions extends OptimizerOptions {
  /** The weight of the moment in the step, and its decay rate. Default: [0.9, 0.99]. */
  readonly betas?: readonly [step: number, moment: number];
  /** The coefficient of decoupled weight decay. Default: 0. */
  readonly weightDecay?: number;
}

/**
 * Lion, sign descent with momentum, with decoupled weight decay λ; m is the first moment:
 *
 *     p ← (1 − α λ) p
 *     p ← p − α sign(β₁ m + (1 − β₁) g)
 *     m ← β₂ m + (1 − β₂) g
 *
 * Every element changes by α, so learning rates should be 3 to 10 times smaller than for AdamW, and weight decays larger by
 * the same factor.
 *
 * Defaults: learningRate α 0.0001, betas [0.9, 0.99], weightDecay 0
 * Throws: ArgumentError if a number is negative or a beta not below 1
 * Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2
 */
export class Lion extends Optimizer<LionOptions, "firstMoment"> {
  static override get name(): string {
    return "Lion";
  }

  constructor(parameters: ParameterSource<LionOptions>, options: LionOptions = {}) {
    super(parameters, options, { learningRate: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false });
  }

  protected check({ learningRate, betas, weightDecay }: Settings<LionOptions>): void {
    expectValues(this.constructor.name, { learningRate, weightDecay }, notNegative);
    expectValues(this.constructor.name, { betas }, decayRates);
  }

  protected initialState(): { firstMoment: number } {
    return { firstMoment: 0 };
  }

  protected numbers({ learningRate, betas: [beta1, beta2], weightDecay }: Settings<LionOptions>) {
    return {
      learningRate,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      kept: 1 - learningRate * weightDecay,
    };
  }

  protected structure({ weightDecay }: Settings<LionOptions>) {
    return { decays: weightDecay !== 0 };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { firstMoment: m }: State<"firstMoment">,
    { learningRate, beta1, rest1, beta2, rest2, kept }: Tensors<Lion["numbers"]>,
    { decays }: ReturnType<Lion["structure"]>,
  ): Update<"firstMoment"> {
    const decayed = decays ? parameter.mul(kept) : parameter;
    const direction = m.mul(beta1).add(gradient.mul(rest1)).sign();
    const firstMoment = m.mul(beta2).add(gradient.mul(rest2));
    return { parameter: decayed.sub(direction.mul(learningRate)), state: { firstMoment } };
  }
}
