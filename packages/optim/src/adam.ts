import type { Tensor } from "@stargrad/tensor";
import { expectValues, decayRates, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface AdamOptions extends OptimizerOptions {
  /** The decay rates of the moments. Default: [0.9, 0.999]. */
  readonly betas?: readonly [first: number, second: number];
  /** Added to the denominator to avoid a division by 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** The coefficient of weight decay. Default: 0 in Adam, 0.01 in AdamW. */
  readonly weightDecay?: number;
  /** Whether to divide by the largest second moment so far. Default: false. */
  readonly amsgrad?: boolean;
}

/** The running means of the gradient and of its square, and the largest of the latter for amsgrad. */
export type Moment = "firstMoment" | "secondMoment" | "maxSecondMoment";

/**
 * Adam, with weight decay λ in the gradient; m and v are the first and the second moment, t is the step number:
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
  static override get name(): string {
    return "Adam";
  }

  /** `defaults` are the default settings of a subclass that differ from those of Adam. */
  constructor(
    parameters: ParameterSource<AdamOptions>,
    options: AdamOptions = {},
    defaults: Partial<Settings<AdamOptions>> = {},
  ) {
    super(parameters, options, {
      learningRate: 1e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0,
      amsgrad: false,
      maximize: false,
      ...defaults,
    });
  }

  protected check({ learningRate, betas, epsilon, weightDecay }: Settings<AdamOptions>): void {
    expectValues(this.constructor.name, { learningRate, epsilon, weightDecay }, notNegative);
    expectValues(this.constructor.name, { betas }, decayRates);
  }

  protected initialState({ amsgrad }: Settings<AdamOptions>): Partial<Record<Moment, number>> {
    return { firstMoment: 0, secondMoment: 0, ...(amsgrad ? { maxSecondMoment: 0 } : {}) };
  }

  protected numbers(settings: Settings<AdamOptions>, step: number) {
    const { learningRate, betas, epsilon, weightDecay } = settings;
    const [beta1, beta2] = betas;
    return {
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      secondCorrection: Math.sqrt(1 - beta2 ** step),
      epsilon,
      rate: learningRate / (1 - beta1 ** step),
      weightDecay,
      kept: 1 - learningRate * weightDecay,
    };
  }

  protected structure({ weightDecay, amsgrad }: Settings<AdamOptions>) {
    return { decaysInGradient: weightDecay !== 0, decaysApart: false, amsgrad };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { firstMoment: m, secondMoment: v, maxSecondMoment: largest }: State<Moment>,
    numbers: Tensors<Adam["numbers"]>,
    { decaysInGradient, decaysApart, amsgrad }: ReturnType<Adam["structure"]>,
  ): Update<Moment> {
    const { beta1, rest1, beta2, rest2, secondCorrection, epsilon, rate, weightDecay, kept } = numbers;
    const g = decaysInGradient ? gradient.add(parameter.mul(weightDecay)) : gradient;
    const decayed = decaysApart ? parameter.mul(kept) : parameter;
    const firstMoment = m.mul(beta1).add(g.mul(rest1));
    const secondMoment = v.mul(beta2).add(g.square().mul(rest2));
    const maxSecondMoment = amsgrad ? largest.maximum(secondMoment) : secondMoment;
    const scale = maxSecondMoment.sqrt().div(secondCorrection).add(epsilon);
    return {
      parameter: decayed.sub(firstMoment.div(scale).mul(rate)),
      state: { firstMoment, secondMoment, ...(amsgrad ? { maxSecondMoment } : {}) },
    };
  }
}
