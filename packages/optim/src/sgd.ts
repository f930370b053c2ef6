import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { expectValues, notNegative, finite } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface SGDOptions extends OptimizerOptions {
  /** The momentum: the decay rate of the velocity. Default: 0, no velocity. */
  readonly momentum?: number;
  /** The dampening τ of the gradient in the velocity, see below. Default: 0. */
  readonly dampening?: number;
  /** Whether to use Nesterov momentum. Default: false. */
  readonly nesterov?: boolean;
  /** The coefficient of weight decay (L2), which is added to the gradient. Default: 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent, with momentum μ, dampening τ and weight decay λ:
 *
 *     g ← g + λ p
 *     v ← μ v + (1 − τ) g      at the first step v ← g
 *     p ← p − α v              with Nesterov p ← p − α (g + μ v)
 *
 * Defaults: learningRate α 0.001, everything else 0 and false
 * Throws: ArgumentError if a number is negative, or for Nesterov without momentum or with dampening
 * Source: Sutskever et al., "On the Importance of Initialization and Momentum in Deep Learning", 2013; torch.optim.SGD
 */
export class SGD extends Optimizer<SGDOptions, "velocity"> {
  static override get name(): string {
    return "SGD";
  }

  constructor(parameters: ParameterSource<SGDOptions>, options: SGDOptions = {}) {
    super(parameters, options, {
      learningRate: 1e-3,
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
      maximize: false,
    });
  }

  protected check({ learningRate, momentum, dampening, nesterov, weightDecay }: Settings<SGDOptions>): void {
    expectValues(this.constructor.name, { learningRate, momentum, weightDecay }, notNegative);
    expectValues(this.constructor.name, { dampening }, finite);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ArgumentError(
        this.constructor.name,
        `got nesterov with momentum ${momentum} and dampening ${dampening}; expected a momentum above 0 and no dampening`,
      );
    }
  }

  protected initialState({ momentum }: Settings<SGDOptions>): Partial<Record<"velocity", number>> {
    return momentum === 0 ? {} : { velocity: 0 };
  }

  protected numbers(settings: Settings<SGDOptions>, step: number) {
    const { learningRate, momentum, dampening, weightDecay } = settings;
    return { learningRate, momentum, gain: step === 1 ? 1 : 1 - dampening, weightDecay };
  }

  protected structure({ momentum, nesterov, weightDecay }: Settings<SGDOptions>) {
    return { decays: weightDecay !== 0, hasVelocity: momentum !== 0, nesterov };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { velocity: v }: State<"velocity">,
    { learningRate, momentum, gain, weightDecay }: Tensors<SGD["numbers"]>,
    { decays, hasVelocity, nesterov }: ReturnType<SGD["structure"]>,
  ): Update<"velocity"> {
    const g = decays ? gradient.add(parameter.mul(weightDecay)) : gradient;
    if (!hasVelocity) return { parameter: parameter.sub(g.mul(learningRate)), state: {} };
    const velocity = v.mul(momentum).add(g.mul(gain));
    const direction = nesterov ? g.add(velocity.mul(momentum)) : velocity;
    return { parameter: parameter.sub(direction.mul(learningRate)), state: { velocity } };
  }
}
