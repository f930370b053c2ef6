import { ArgumentError, where, type Shape, type Tensor } from "@stargrad/tensor";
import { finite, type OptionKinds } from "@stargrad/tensor/internal";
import { TensorModule } from "../tensor-module.js";

export interface SoftplusOptions {
  /** The sharpness β of the bend at 0. Default: 1. */
  readonly beta?: number;
  /** For `β · x` above this threshold, y is x. Default: 20. */
  readonly threshold?: number;
}

/**
 * `y = ln(1 + e^(β·x)) / β`, element by element: a smooth ReLU.
 *
 * Shapes: any
 * Throws: ArgumentError if β is 0
 * Source: Dugas et al., "Incorporating Second-Order Functional Knowledge", 2000; torch.nn.Softplus
 */
export class Softplus extends TensorModule {
  readonly #options: SoftplusOptions;

  constructor(options: SoftplusOptions = {}) {
    super("Softplus", [], options, {
      beta: finite,
      threshold: finite,
    } satisfies OptionKinds<SoftplusOptions>);
    if (options.beta === 0) {
      throw new ArgumentError(
        "Softplus",
        "got beta 0; expected another number, because y is divided by beta",
      );
    }
    this.#options = { ...options };
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    const { beta = 1, threshold = 20 } = this.#options;
    const scaled = x.mul(beta);
    return where(scaled.greater(threshold), x, scaled.softplus().div(beta));
  }
}
