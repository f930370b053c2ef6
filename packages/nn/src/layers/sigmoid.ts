import type { Shape, Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";

/**
 * `y = 1 / (1 + e⁻ˣ)`, element by element.
 *
 * Shapes: any
 * Source: torch.nn.Sigmoid
 */
export class Sigmoid extends Module {
  constructor() {
    super("Sigmoid");
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.sigmoid();
  }
}
