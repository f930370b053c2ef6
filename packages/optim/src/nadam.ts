import { full, sub, zerosLike, type Shape, type Tensor } from "@stargrad/tensor";
import type { Parameter } from "@stargrad/autograd";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Update } from "./optimizer.js";
import { expectDecayRates, expectNotNegative } from "./ranges.js";

export interface NAdamOptions extends OptimizerOptions {
  /** How much of each moment is kept from step to step. Default: [0.9, 0.999]. */
  readonly betas?: readonly [first: number, second: number];
  /** What keeps the denominator from 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** How strongly parameters are drawn to 0. Default: 0. */
  readonly weightDecay?: number;
  /** Whether they are drawn as in AdamW, apart from the gradient. Default: false. */
  readonly decoupledWeightDecay?: boolean;
  /** How fast the momentum grows to the first beta. Default: 0.004. */
  readonly momentumDecay?: number;
}

/** The running means of the gradient and of its square, and the product of the momenta so far, a single number. */
export type NAdamState = "firstMoment" | "secondMoment" | "momentumProduct";

/**
 * Adam with Nesterov momentum μ; m and v are the first and the second moment, λ the weight decay, ψ the momentum decay, t
 * counts the steps:
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
 * Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2; torch.optim.NAdam from 2.0 on (before,
 *         it had μₜ twice in Πₜ₊₁)
 */
export class NAdam extends Optimizer<NAdamOptions, NAdamState> {
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
    expectNotNegative(this.constructor.name, { learningRate, epsilon, weightDecay, momentumDecay });
    expectDecayRates(this.constructor.name, betas);
  }

  protected stateNames(): readonly NAdamState[] {
    return ["firstMoment", "secondMoment", "momentumProduct"];
  }

  protected override stateShape(name: NAdamState, parameter: Parameter): Shape {
    return name === "momentumProduct" ? [] : parameter.shape;
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    state: State<NAdamState>,
    settings: Settings<NAdamOptions>,
  ): Update<NAdamState> {
    const { learningRate, betas, epsilon, weightDecay, decoupledWeightDecay, momentumDecay } = settings;
    const [beta1, beta2] = betas;
    const { step, firstMoment: m = zerosLike(parameter), secondMoment: v = zerosLike(parameter) } = state;
    const decay = decoupledWeightDecay ? 0 : weightDecay;
    const g = decay === 0 ? gradient : gradient.add(parameter.mul(decay));
    const decayed = decoupledWeightDecay ? parameter.mul(1 - learningRate * weightDecay) : parameter;
    const firstMoment = m.mul(beta1).add(g.mul(1 - beta1));
    const secondMoment = v.mul(beta2).add(g.square().mul(1 - beta2));

    const momentumAt = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [momentum, next] = [momentumAt(step), momentumAt(step + 1)];
    // The momenta before may have come from other settings, so their product is kept.
    const momentumProduct =
      state.momentumProduct?.mul(momentum) ?? full([], momentum, { dtype: parameter.dtype });
    const direction = g
      .mul(1 - momentum)
      .div(sub(1, momentumProduct))
      .add(firstMoment.mul(next).div(sub(1, momentumProduct.mul(next))));
    const scale = secondMoment.div(1 - beta2 ** step).sqrt();
    return {
      parameter: decayed.sub(direction.div(scale.add(epsilon)).mul(learningRate)),
      state: { firstMoment, secondMoment, momentumProduct },
    };
  }
}
