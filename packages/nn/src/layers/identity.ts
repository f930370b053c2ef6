import type { Shape, Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";

/**
 * `y = x`: a layer that does nothing, for code that requires a layer.
 *
 * Shapes: any
 * Source: torch.nn.Identity
 */
export class Identity extends Module {
  constructor() {
    super("Identity");
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x;
  }
}
