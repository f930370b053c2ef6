import { Adam, type AdamOptions } from "./adam.js";
import type { ParameterSource, Settings } from "./groups.js";

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
  static override get name(): string {
    return "AdamW";
  }

  constructor(parameters: ParameterSource<AdamOptions>, options: AdamOptions = {}) {
    super(parameters, options, { weightDecay: 0.01 });
  }

  protected override structure({ weightDecay, amsgrad }: Settings<AdamOptions>) {
    return { decaysInGradient: false, decaysApart: weightDecay !== 0, amsgrad };
  }
}
