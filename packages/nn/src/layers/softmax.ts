import type { Tensor } from "@stargrad/tensor";
import { ProbabilityLayer, type SoftmaxOptions } from "./probability-layer.js";

/**
 * `y = eˣ / Σ eˣ` along an axis. The result of a row of only −∞ is NaN.
 *
 * Shapes: any with the axis
 * Throws: ShapeError if x does not have the axis
 * Source: torch.nn.Softmax
 */
export class Softmax extends ProbabilityLayer {
  constructor(options: SoftmaxOptions = {}) {
    super("Softmax", options);
  }

  protected along(x: Tensor, axis: number): Tensor {
    return x.softmax({ axis });
  }
}
