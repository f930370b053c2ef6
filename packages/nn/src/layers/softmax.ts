import type { Shape, Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";
import { expectAxes } from "../shapes.js";

export interface SoftmaxOptions {
  /** Along which axis the probabilities add up to 1; negative counts from the end. Default: −1. */
  readonly axis?: number;
}

/**
 * `y = eˣ / Σ eˣ` along an axis: numbers as probabilities. A row of −∞ has none, and gives NaN.
 *
 * Shapes: any with the axis
 * Throws: ShapeError if x does not have the axis
 * Source: torch.nn.Softmax
 */
export class Softmax extends Module {
  readonly #options: SoftmaxOptions;

  constructor(options: SoftmaxOptions = {}) {
    super("Softmax", [], options);
    this.#options = options;
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    const { axis = -1 } = this.#options;
    expectAxes(this.describe(), x, [axis]);
    return x.softmax({ axis });
  }
}
