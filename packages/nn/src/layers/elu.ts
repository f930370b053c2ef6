import { where, type Shape, type Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";

export interface ELUOptions {
  /** What y approaches below 0, with the sign turned: a. Default: 1. */
  readonly alpha?: number;
}

/**
 * `y = x` where x is positive and `y = a · (eˣ − 1)` elsewhere, element by element; the gradient at 0 is a.
 *
 * Shapes: any
 * Source: Clevert et al., "Exponential Linear Units", 2015, eq. 14; torch.nn.ELU
 */
export class ELU extends Module {
  readonly #options: ELUOptions;

  constructor(options: ELUOptions = {}) {
    super("ELU", [], options);
    this.#options = options;
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    const positive = x.greater(0);
    // The half that is not wanted is kept from overflowing: its gradient would be 0 · ∞, which is NaN.
    const below = where(positive, 0, x).expm1();
    return where(positive, x, below.mul(this.#options.alpha ?? 1));
  }
}
