import type { Tensor } from "@stargrad/tensor";
import { ProbabilityLayer, type SoftmaxOptions } from "./probability-layer.js";

export type LogSoftmaxOptions = SoftmaxOptions;

/**
 * `y = x − ln Σ eˣ` along an axis: the logarithm of Softmax, finite even if the softmax rounds to 0.
 *
 * Shapes: any with the axis
 * Throws: ShapeError if x does not have the axis
 * Source: torch.nn.LogSoftmax
 */
export class LogSoftmax extends ProbabilityLayer {
  constructor(options: LogSoftmaxOptions = {}) {
    super("LogSoftmax", options);
  }

  protected along(x: Tensor, axis: number): Tensor {
    return x.logSoftmax({ axis });
  }
}
