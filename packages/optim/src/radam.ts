import { where, type Tensor } from "@stargrad/tensor";
import { expectValues, decayRates, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";
import { weightDecayOf } from "./weight-decay.js";

export interface RAdamOptions extends OptimizerOptions {
  /** The decay rates of the moments. Default: [0.9, 0.999]. */
  readonly betas?: readonly [first: number, second: number];
  /** Added to the denominator to avoid a division by 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** The coefficient of weight decay. Default: 0. */
  readonly weightDecay?: number;
  /** Whether weight decay is decoupled from the gradient, as in AdamW. Default: false. */
  readonly decoupledWeightDecay?: boolean;
}

/** The running means of the gradient and of its square. */
export type RAdamState = "firstMoment" | "secondMoment";

/**
 * Rectified Adam, which uses the second moment v only after enough gradients; m is the first moment, λ the weight
 * decay, t is the step number:
 *
 *     g ← g + λ p                                        with decoupled decay p ← (1 − α λ) p
 *     m ← β₁ m + (1 − β₁) g
 *     v ← β₂ v + (1 − β₂) g²
 *     ρ∞ = 2 / (1 − β₂) − 1,  ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
 *     r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ))
 *     p ← p − α / (1 − β₁ᵗ) · m · r √(1 − β₂ᵗ) / (√v + ε)      without the factors after m while ρ ≤ 5
 *
 * Defaults: learningRate α 0.001, betas [0.9, 0.999], epsilon ε 1e-8, weightDecay 0, decoupledWeightDecay false
 * Throws: ArgumentError if a number is negative or a beta not below 1
 * Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2; the position of ε is
 *         that of torch.optim.RAdam
 */
export class RAdam extends Optimizer<RAdamOptions, RAdamState> {
  static override get name(): string {
    return "RAdam";
  }

  constructor(parameters: ParameterSource<RAdamOptions>, options: RAdamOptions = {}) {
    super(parameters, options, {
      learningRate: 1e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0,
      decoupledWeightDecay: false,
      maximize: false,
    });
  }

  protected check({ learningRate, betas, epsilon, weightDecay }: Settings<RAdamOptions>): void {
    expectValues(this.constructor.name, { learningRate, epsilon, weightDecay }, notNegative);
    expectValues(this.constructor.name, { betas }, decayRates);
  }

  protected initialState(): Record<RAdamState, number> {
    return { firstMoment: 0, secondMoment: 0 };
  }

  protected numbers(settings: Settings<RAdamOptions>, step: number) {
    const { learningRate, betas, epsilon, weightDecay } = settings;
    const [beta1, beta2] = betas;
    const rate = learningRate / (1 - beta1 ** step);
    const rectification = rectificationOf(beta2, step);
    return {
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      epsilon,
      rate: rectification === null ? rate : rate * rectification * Math.sqrt(1 - beta2 ** step),
      isRectified: rectification === null ? 0 : 1,
      one: 1,
      weightDecay,
      kept: 1 - learningRate * weightDecay,
    };
  }

  protected structure(settings: Settings<RAdamOptions>) {
    return weightDecayOf(settings);
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { firstMoment: m, secondMoment: v }: State<RAdamState>,
    numbers: Tensors<RAdam["numbers"]>,
    { decaysInGradient, decaysApart }: ReturnType<RAdam["structure"]>,
  ): Update<RAdamState> {
    const { beta1, rest1, beta2, rest2, epsilon, rate, isRectified, one, weightDecay, kept } = numbers;
    const g = decaysInGradient ? gradient.add(parameter.mul(weightDecay)) : gradient;
    const decayed = decaysApart ? parameter.mul(kept) : parameter;
    const firstMoment = m.mul(beta1).add(g.mul(rest1));
    const secondMoment = v.mul(beta2).add(g.square().mul(rest2));
    const scale = where(isRectified.equal(one), secondMoment.sqrt().add(epsilon), one);
    return {
      parameter: decayed.sub(firstMoment.mul(rate).div(scale)),
      state: { firstMoment, secondMoment },
    };
  }
}

/** The factor r of step t, or null while the number of gradients is too small for the second moment. */
function rectificationOf(beta2: number, step: number): number | null {
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - (2 * step * beta2 ** step) / (1 - beta2 ** step);
  if (length <= 5) return null;
  return Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
}
