import type { Shape, Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";
import { type NoOptions } from "../options.js";

/**
 * `y = tanh x`, element by element.
 *
 * Shapes: any
 * Source: torch.nn.Tanh
 */
export class Tanh extends Module {
  constructor(options: NoOptions = {}) {
    super("Tanh", [], options, []);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.tanh();
  }
}
