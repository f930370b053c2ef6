import type { Shape, Tensor } from "@stargrad/tensor";
import { type NoOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = tanh x`, element by element.
 *
 * Shapes: any
 * Source: torch.nn.Tanh
 */
export class Tanh extends TensorModule {
  constructor(options: NoOptions = {}) {
    super("Tanh", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.tanh();
  }
}
