import type { Shape, Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";
import { type NoOptions } from "../options.js";

/**
 * `y = x · tanh(ln(1 + eˣ))`, element by element.
 *
 * Shapes: any
 * Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019; torch.nn.Mish
 */
export class Mish extends Module {
  constructor(options: NoOptions = {}) {
    super("Mish", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.mish();
  }
}
