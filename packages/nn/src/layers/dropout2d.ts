import type { RandomOptions, Shape, Tensor } from "@stargrad/tensor";
import { expectValues, fraction, refuseAssignments, type OptionKinds } from "@stargrad/tensor/internal";
import { floatOptions } from "../options.js";
import { expectFloat, expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import { dropoutMask } from "./dropout.js";

/**
 * In training mode, sets whole channels to 0 with the given probability and scales the others, `y = m[n, c] · x / (1 − p)`
 * with m = 0 or 1; in evaluation mode, `y = x`. Neighbouring pixels are correlated, so dropping single pixels would remove
 * little information.
 *
 * Shapes: x [N, C, H, W] -> y the same
 * Defaults: probability 0.5, the shared generator
 * Throws: ArgumentError unless the probability is from 0 to 1; ShapeError if x has other axes, including
 *         [C, H, W], whose meaning differs between PyTorch's versions
 * Source: Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015; torch.nn.Dropout2d
 */
export class Dropout2d extends TensorModule {
  static {
    refuseAssignments(this, "Dropout2d", ["p"], "Construct another layer");
  }

  readonly probability: number;
  readonly #random: RandomOptions;

  constructor(probability = 0.5, random: RandomOptions = {}) {
    super("Dropout2d", [probability], random, {
      generator: floatOptions.generator,
    } satisfies OptionKinds<RandomOptions>);
    expectValues("Dropout2d", { probability }, fraction);
    this.probability = probability;
    this.#random = { ...random };
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    expectFloat(this.describe(), x);
    expectShape(this.describe(), x, x.ndim === 4, "[N, C, H, W]");
    if (!this.training || this.probability === 0) return x;
    const [batch, channels] = x.shape;
    return x.mul(dropoutMask([batch, channels, 1, 1], this.probability, x.dtype, this.#random));
  }
}
