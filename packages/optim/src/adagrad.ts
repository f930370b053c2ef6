import type { Tensor } from "@stargrad/tensor";
import { expectValues, notNegative } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface AdagradOptions extends OptimizerOptions {
  /** The coefficient η of learning rate decay, see below. Default: 0. */
  readonly learningRateDecay?: number;
  /** The initial sum of squares. Default: 0. */
  readonly initialAccumulatorValue?: number;
  /** Added to the denominator to avoid a division by 0. Default: 1e-10. */
  readonly epsilon?: number;
  /** The coefficient of weight decay (L2), which is added to the gradient. Default: 0. */
  readonly weightDecay?: number;
}

/**
 * Adagrad, with weight decay λ and learning rate decay η; s is the sum of squares, t is the step number:
 *
 *     g ← g + λ p
 *     s ← s + g²
 *     p ← p − α / (1 + (t − 1) η) · g / (√s + ε)
 *
 * Defaults: learningRate α 0.01, epsilon ε 1e-10, everything else 0
 * Throws: ArgumentError if a number is negative
 * Source: Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011;
 *         torch.optim.Adagrad
 */
export class Adagrad extends Optimizer<AdagradOptions, "squareSum"> {
  static override get name(): string {
    return "Adagrad";
  }

  constructor(parameters: ParameterSource<AdagradOptions>, options: AdagradOptions = {}) {
    super(parameters, options, {
      learningRate: 1e-2,
      learningRateDecay: 0,
      initialAccumulatorValue: 0,
      epsilon: 1e-10,
      weightDecay: 0,
      maximize: false,
    });
  }

  protected check({
    learningRate,
    learningRateDecay,
    initialAccumulatorValue,
    epsilon,
    weightDecay,
  }: Settings<AdagradOptions>): void {
    expectValues(
      this.constructor.name,
      {
        learningRate,
        learningRateDecay,
        initialAccumulatorValue,
        epsilon,
        weightDecay,
      },
      notNegative,
    );
  }

  protected initialState({ initialAccumulatorValue }: Settings<AdagradOptions>): { squareSum: number } {
    return { squareSum: initialAccumulatorValue };
  }

  protected numbers(settings: Settings<AdagradOptions>, step: number) {
    const { learningRate, learningRateDecay, epsilon, weightDecay } = settings;
    return { rate: learningRate / (1 + (step - 1) * learningRateDecay), epsilon, weightDecay };
  }

  protected structure({ weightDecay }: Settings<AdagradOptions>) {
    return { decays: weightDecay !== 0 };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { squareSum: s }: State<"squareSum">,
    { rate, epsilon, weightDecay }: Tensors<Adagrad["numbers"]>,
    { decays }: ReturnType<Adagrad["structure"]>,
  ): Update<"squareSum"> {
    const g = decays ? gradient.add(parameter.mul(weightDecay)) : gradient;
    const squareSum = s.add(g.square());
    return { parameter: parameter.sub(g.div(squareSum.sqrt().add(epsilon)).mul(rate)), state: { squareSum } };
  }
}
