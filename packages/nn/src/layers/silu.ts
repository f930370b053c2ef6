import type { Shape, Tensor } from "@stargrad/tensor";
import { type NoOptions } from "../options.js";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = x · σ(x)`, element by element, with the sigmoid σ; also called swish.
 *
 * Shapes: any
 * Source: Elfwing et al., "Sigmoid-Weighted Linear Units", 2017; torch.nn.SiLU
 */
export class SiLU extends TensorModule {
  constructor(options: NoOptions = {}) {
    super("SiLU", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.silu();
  }
}
