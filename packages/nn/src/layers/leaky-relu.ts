import type { LeakyReLUOptions, Shape, Tensor } from "@stargrad/tensor";
import { finite, type OptionKinds } from "@stargrad/tensor/internal";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = x` where x is positive and `y = a · x` elsewhere, element by element; the gradient at 0 is a.
 *
 * Shapes: any
 * Source: Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013; torch.nn.LeakyReLU
 */
export class LeakyReLU extends TensorModule {
  readonly #options: LeakyReLUOptions;

  constructor(options: LeakyReLUOptions = {}) {
    super("LeakyReLU", [], options, { negativeSlope: finite } satisfies OptionKinds<LeakyReLUOptions>);
    this.#options = { ...options };
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.leakyRelu(this.#options);
  }
}
