import type { Tensor } from "@stargrad/tensor";
import { Adam, type AdamOptions, type Moment } from "./adam.js";
import type { ParameterSource, Settings } from "./groups.js";
import type { State, Update } from "./optimizer.js";

/**
 * Adam with decoupled weight decay λ: before the step of `Adam` (without weight decay in the gradient)
 *
 *     p ← (1 − α λ) p
 *
 * Defaults: learningRate α 0.001, betas [0.9, 0.999], epsilon 1e-8, weightDecay 0.01
 * Throws: ArgumentError if a number is negative or a beta not below 1
 * Source: Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2; torch.optim.AdamW
 */
export class AdamW extends Adam {
  constructor(parameters: ParameterSource<AdamOptions>, options: AdamOptions = {}) {
    super(parameters, { weightDecay: 0.01, ...options });
  }

  protected override update(
    parameter: Tensor,
    gradient: Tensor,
    state: State<Moment>,
    settings: Settings<AdamOptions>,
  ): Update<Moment> {
    const decayed = parameter.mul(1 - settings.learningRate * settings.weightDecay);
    return super.update(decayed, gradient, state, { ...settings, weightDecay: 0 });
  }
}
