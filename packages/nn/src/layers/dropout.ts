import { bernoulli, type DType, type RandomOptions, type Shape, type Tensor } from "@stargrad/tensor";
import { expectValues, fraction, refuseAssignments, type OptionKinds } from "@stargrad/tensor/internal";
import { floatOptions } from "../options.js";
import { expectFloat } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

/**
 * In training mode, sets each element to 0 with the given probability and scales the others, `y = m · x / (1 − p)` with
 * m = 0 or 1, which keeps the expected value; in evaluation mode, `y = x`. The masks are drawn from the generator.
 *
 * Shapes: any
 * Defaults: probability 0.5, the shared generator
 * Throws: ArgumentError unless the probability is from 0 to 1
 * Source: Srivastava et al., "Dropout", 2014; torch.nn.Dropout
 */
export class Dropout extends TensorModule {
  static {
    refuseAssignments(this, "Dropout", ["p"], "Construct another layer");
  }

  readonly probability: number;
  readonly #random: RandomOptions;

  constructor(probability = 0.5, random: RandomOptions = {}) {
    super("Dropout", [probability], random, {
      generator: floatOptions.generator,
    } satisfies OptionKinds<RandomOptions>);
    expectValues("Dropout", { probability }, fraction);
    this.probability = probability;
    this.#random = { ...random };
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    expectFloat(this.describe(), x);
    if (!this.training || this.probability === 0) return x;
    return x.mul(dropoutMask(x.shape, this.probability, x.dtype, this.#random));
  }
}

/** The random factors of dropout: 0 with the given probability, otherwise 1 / (1 − p). */
export function dropoutMask(shape: Shape, probability: number, dtype: DType, random: RandomOptions): Tensor {
  const kept = 1 - probability;
  const mask = bernoulli(shape, { probability: kept, ...random }).cast(dtype);
  // If all elements are dropped, 1/0 would be ∞, and 0 · ∞ NaN.
  return mask.mul(kept === 0 ? 0 : 1 / kept);
}
