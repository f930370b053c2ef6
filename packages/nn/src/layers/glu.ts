import type { Tensor } from "@stargrad/tensor";
import { integer, type OptionKinds } from "@stargrad/tensor/internal";
import { expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

export interface GLUOptions {
  /** The axis that is halved; negative counts from the end. Default: −1. */
  readonly axis?: number;
}

/**
 * `y = a · sigmoid(b)`, the gated linear unit: a is the first half of x along an axis, and b the second.
 *
 * Shapes: x […, 2n, …] -> y […, n, …]
 * Throws: ShapeError if x does not have the axis, or if the axis has an odd length
 * Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2017, section 2; torch.nn.GLU
 */
export class GLU extends TensorModule {
  readonly #axis: number;

  constructor(options: GLUOptions = {}) {
    super("GLU", [], options, { axis: integer } satisfies OptionKinds<GLUOptions>);
    this.#axis = options.axis ?? -1;
  }

  forward(x: Tensor): Tensor {
    const length = x.shape.at(this.#axis);
    const isEven = length !== undefined && length % 2 === 0;
    expectShape(this.describe(), x, isEven, `an even length along axis ${this.#axis}`);
    return x.glu({ axis: this.#axis });
  }
}
