import type { Shape, Tensor } from "@stargrad/tensor";
import { type NoOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = max(x, 0)`, element by element; the gradient at 0 is 0.
 *
 * Shapes: any
 * Source: torch.nn.ReLU
 */
export class ReLU extends TensorModule {
  constructor(options: NoOptions = {}) {
    super("ReLU", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.relu();
  }
}
