import type { Shape, Tensor } from "@stargrad/tensor";
import { type NoOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = 1 / (1 + e⁻ˣ)`, element by element.
 *
 * Shapes: any
 * Source: torch.nn.Sigmoid
 */
export class Sigmoid extends TensorModule {
  constructor(options: NoOptions = {}) {
    super("Sigmoid", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.sigmoid();
  }
}
