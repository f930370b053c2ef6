import type { Shape, Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";
import { type NoOptions } from "../options.js";

/**
 * `y = x`: a layer that does nothing, for code that requires a layer.
 *
 * Shapes: any
 * Source: torch.nn.Identity
 */
export class Identity extends Module {
  constructor(options: NoOptions = {}) {
    super("Identity", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x;
  }
}
