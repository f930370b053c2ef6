import type { Shape, Tensor } from "@stargrad/tensor";
import { type NoOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = λ · x` where x is positive and `y = λ · α · (eˣ − 1)` elsewhere, element by element, with α ≈ 1.67 and λ ≈ 1.05,
 * which preserve mean 0 and variance 1 across layers; the gradient at 0 is λ · α.
 *
 * Shapes: any
 * Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017, eq. 2; torch.nn.SELU
 */
export class SELU extends TensorModule {
  constructor(options: NoOptions = {}) {
    super("SELU", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.selu();
  }
}
