import type { Shape, Tensor } from "@stargrad/tensor";
import { type NoOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = x`: a layer that does nothing, for code that requires a layer.
 *
 * Shapes: any
 * Source: torch.nn.Identity
 */
export class Identity extends TensorModule {
  constructor(options: NoOptions = {}) {
    super("Identity", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x;
  }
}
