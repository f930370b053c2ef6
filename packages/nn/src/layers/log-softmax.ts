import type { Shape, Tensor } from "@stargrad/tensor";
import { Module } from "../module.js";
import { expectAxes } from "../shapes.js";

export interface LogSoftmaxOptions {
  /** Along which axis the probabilities add up to 1; negative counts from the end. Default: −1. */
  readonly axis?: number;
}

/**
 * `y = x − ln Σ eˣ` along an axis: the logarithm of Softmax, right also where that would be 0.
 *
 * Shapes: any with the axis
 * Throws: ShapeError if x does not have the axis
 * Source: torch.nn.LogSoftmax
 */
export class LogSoftmax extends Module {
  readonly #options: LogSoftmaxOptions;

  constructor(options: LogSoftmaxOptions = {}) {
    super("LogSoftmax", [], options);
    this.#options = options;
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    const { axis = -1 } = this.#options;
    expectAxes(this.describe(), x, [axis]);
    return x.logSoftmax({ axis });
  }
}
