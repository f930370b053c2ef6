import type { Shape, Tensor } from "@stargrad/tensor";
import type { Parameter } from "@stargrad/autograd";
import { expectValues, decayRates, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";
import { weightDecayOf } from "./weight-decay.js";

export interface NAdamOptions extends OptimizerOptions {
  /** The decay rates of the moments. Default: [0.9, 0.999]. */
  readonly betas?: readonly [first: number, second: number];
  /** Added to the denominator to avoid a division by 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** The coefficient of weight decay. Default: 0. */
  readonly weightDecay?: number;
  /** Whether weight decay is decoupled from the gradient, as in AdamW. Default: false. */
  readonly decoupledWeightDecay?: boolean;
  /** The rate ψ at which the momentum grows to the first beta, see below. Default: 0.004. */
  readonly momentumDecay?: number;
}

/** The running means of the gradient and of its square, and the product of the momenta so far, a single number. */
export type NAdamState = "firstMoment" | "secondMoment" | "momentumProduct";

/**
 * Adam with Nesterov momentum μ; m and v are the first and the second moment, λ the weight decay, ψ the momentum decay, t
 * is the step number:
 *
 *     g ← g + λ p                                        with decoupled decay p ← (1 − α λ) p
 *     m ← β₁ m + (1 − β₁) g
 *     v ← β₂ v + (1 − β₂) g²
 *     μₜ = β₁ (1 − ½ 0.96^(t ψ)),  Πₜ = μ₁ μ₂ … μₜ
 *     p ← p − α ((1 − μₜ) / (1 − Πₜ) g + μₜ₊₁ / (1 − Πₜ₊₁) m) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * Defaults: learningRate α 0.002, betas [0.9, 0.999], epsilon ε 1e-8, weightDecay 0, decoupledWeightDecay false,
 * momentumDecay ψ 0.004
 * Throws: ArgumentError if a number is negative or a beta not below 1
 * Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2; torch.optim.NAdam from 2.0 on (earlier
 *         versions use μₜ twice in Πₜ₊₁)
 */
export class NAdam extends Optimizer<NAdamOptions, NAdamState> {
  static override get name(): string {
    return "NAdam";
  }

  constructor(parameters: ParameterSource<NAdamOptions>, options: NAdamOptions = {}) {
    super(parameters, options, {
      learningRate: 2e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0,
      decoupledWeightDecay: false,
      momentumDecay: 4e-3,
      maximize: false,
    });
  }

  protected check({
    learningRate,
    betas,
    epsilon,
    weightDecay,
    momentumDecay,
  }: Settings<NAdamOptions>): void {
    expectValues(this.constructor.name, { learningRate, epsilon, weightDecay, momentumDecay }, notNegative);
    expectValues(this.constructor.name, { betas }, decayRates);
  }

  protected initialState(): Record<NAdamState, number> {
    return { firstMoment: 0, secondMoment: 0, momentumProduct: 1 };
  }

  protected override stateShape(name: NAdamState, parameter: Parameter): Shape {
    return name === "momentumProduct" ? [] : parameter.shape;
  }

  protected numbers(settings: Settings<NAdamOptions>, step: number) {
    const { learningRate, betas, epsilon, weightDecay, momentumDecay } = settings;
    const [beta1, beta2] = betas;
    const momentumAt = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const momentum = momentumAt(step);
    return {
      learningRate,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      secondCorrection: 1 - beta2 ** step,
      epsilon,
      momentum,
      momentumRest: 1 - momentum,
      nextMomentum: momentumAt(step + 1),
      one: 1,
      weightDecay,
      kept: 1 - learningRate * weightDecay,
    };
  }

  protected structure(settings: Settings<NAdamOptions>) {
    return weightDecayOf(settings);
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { firstMoment: m, secondMoment: v, momentumProduct: product }: State<NAdamState>,
    numbers: Tensors<NAdam["numbers"]>,
    { decaysInGradient, decaysApart }: ReturnType<NAdam["structure"]>,
  ): Update<NAdamState> {
    const { learningRate, beta1, rest1, beta2, rest2, secondCorrection, epsilon, weightDecay, kept } =
      numbers;
    const { momentum, momentumRest, nextMomentum, one } = numbers;
    const g = decaysInGradient ? gradient.add(parameter.mul(weightDecay)) : gradient;
    const decayed = decaysApart ? parameter.mul(kept) : parameter;
    const firstMoment = m.mul(beta1).add(g.mul(rest1));
    const secondMoment = v.mul(beta2).add(g.square().mul(rest2));
    // The product is stored, because earlier momenta may come from other settings.
    const momentumProduct = product.mul(momentum);
    const direction = g
      .mul(momentumRest)
      .div(one.sub(momentumProduct))
      .add(firstMoment.mul(nextMomentum).div(one.sub(momentumProduct.mul(nextMomentum))));
    const scale = secondMoment.div(secondCorrection).sqrt().add(epsilon);
    return {
      parameter: decayed.sub(direction.div(scale).mul(learningRate)),
      state: { firstMoment, secondMoment, momentumProduct },
    };
  }
}
