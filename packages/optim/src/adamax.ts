import type { Tensor } from "@stargrad/tensor";
import { expectValues, decayRates, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface AdamaxOptions extends OptimizerOptions {
  /** The decay rates of the moment and of the norm. Default: [0.9, 0.999]. */
  readonly betas?: readonly [moment: number, norm: number];
  /** Added to the denominator to avoid a division by 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** The coefficient of weight decay (L2), which is added to the gradient. Default: 0. */
  readonly weightDecay?: number;
}

/** The running mean of the gradient, and the exponentially decaying maximum of its magnitude. */
export type AdamaxState = "firstMoment" | "infinityNorm";

/**
 * Adamax, Adam with the infinity norm in place of the second moment; m is the first moment, λ the weight decay, t is the
 * step number:
 *
 *     g ← g + λ p
 *     m ← β₁ m + (1 − β₁) g
 *     u ← max(β₂ u, |g| + ε)
 *     p ← p − α / (1 − β₁ᵗ) · m / u
 *
 * Defaults: learningRate α 0.002, betas [0.9, 0.999], epsilon ε 1e-8, weightDecay 0
 * Throws: ArgumentError if a number is negative or a beta not below 1
 * Source: Kingma & Ba, "Adam", 2015, algorithm 2; the position of ε is that of torch.optim.Adamax
 */
export class Adamax extends Optimizer<AdamaxOptions, AdamaxState> {
  static override get name(): string {
    return "Adamax";
  }

  constructor(parameters: ParameterSource<AdamaxOptions>, options: AdamaxOptions = {}) {
    super(parameters, options, {
      learningRate: 2e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0,
      maximize: false,
    });
  }

  protected check({ learningRate, betas, epsilon, weightDecay }: Settings<AdamaxOptions>): void {
    expectValues(this.constructor.name, { learningRate, epsilon, weightDecay }, notNegative);
    expectValues(this.constructor.name, { betas }, decayRates);
  }

  protected initialState(): Record<AdamaxState, number> {
    return { firstMoment: 0, infinityNorm: 0 };
  }

  protected numbers(settings: Settings<AdamaxOptions>, step: number) {
    const { learningRate, betas, epsilon, weightDecay } = settings;
    const [beta1, beta2] = betas;
    return {
      beta1,
      rest1: 1 - beta1,
      beta2,
      epsilon,
      rate: learningRate / (1 - beta1 ** step),
      weightDecay,
    };
  }

  protected structure({ weightDecay }: Settings<AdamaxOptions>) {
    return { decays: weightDecay !== 0 };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { firstMoment: m, infinityNorm: u }: State<AdamaxState>,
    { beta1, rest1, beta2, epsilon, rate, weightDecay }: Tensors<Adamax["numbers"]>,
    { decays }: ReturnType<Adamax["structure"]>,
  ): Update<AdamaxState> {
    const g = decays ? gradient.add(parameter.mul(weightDecay)) : gradient;
    const firstMoment = m.mul(beta1).add(g.mul(rest1));
    const infinityNorm = u.mul(beta2).maximum(g.abs().add(epsilon));
    const change = firstMoment.div(infinityNorm).mul(rate);
    return { parameter: parameter.sub(change), state: { firstMoment, infinityNorm } };
  }
}
