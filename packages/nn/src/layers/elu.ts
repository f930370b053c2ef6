import type { ELUOptions, Shape, Tensor } from "@stargrad/tensor";
import { finite, type OptionKinds } from "@stargrad/tensor/internal";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = x` where x is positive and `y = a · (eˣ − 1)` elsewhere, element by element; the gradient at 0 is a.
 *
 * Shapes: any
 * Source: Clevert et al., "Exponential Linear Units", 2015, eq. 14; torch.nn.ELU
 */
export class ELU extends TensorModule {
  readonly #options: ELUOptions;

  constructor(options: ELUOptions = {}) {
    super("ELU", [], options, { alpha: finite } satisfies OptionKinds<ELUOptions>);
    this.#options = { ...options };
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.elu(this.#options);
  }
}
