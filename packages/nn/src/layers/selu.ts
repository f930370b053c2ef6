import { where, type Shape, type Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";

// The fixed point of the paper's equations 4 and 5 for mean 0 and variance 1.
const alpha = 1.6732632423543772;
const scale = 1.0507009873554805;

/**
 * `y = λ · x` where x is positive and `y = λ · α · (eˣ − 1)` elsewhere, element by element, with the α ≈ 1.67 and λ ≈ 1.05
 * that keep mean 0 and variance 1 from layer to layer; the gradient at 0 is λ · α.
 *
 * Shapes: any
 * Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017, eq. 2; torch.nn.SELU
 */
export class SELU extends Module {
  constructor() {
    super("SELU");
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    const positive = x.greater(0);
    // The half that is not wanted is kept from overflowing: its gradient would be 0 · ∞, which is NaN.
    const below = where(positive, 0, x).expm1();
    return where(positive, x, below.mul(alpha)).mul(scale);
  }
}
