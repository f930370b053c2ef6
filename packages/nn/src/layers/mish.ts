import type { Shape, Tensor } from "@stargrad/tensor";
import { type NoOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = x · tanh(ln(1 + eˣ))`, element by element.
 *
 * Shapes: any
 * Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019; torch.nn.Mish
 */
export class Mish extends TensorModule {
  constructor(options: NoOptions = {}) {
    super("Mish", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.mish();
  }
}
