import type { Shape, Tensor } from "@stargrad/tensor";
import { oneOf, type OptionKinds } from "@stargrad/tensor/internal";
import { TensorModule } from "../tensor-module.js";

export interface GELUOptions {
  /** Whether to approximate Φ with tanh. Default: `"none"`. */
  readonly approximate?: "none" | "tanh";
}

/**
 * `y = x · Φ(x)`, element by element, with Φ the distribution function of the normal distribution.
 *
 * Shapes: any
 * Source: Hendrycks & Gimpel, "Gaussian Error Linear Units", 2016; torch.nn.GELU
 */
export class GELU extends TensorModule {
  readonly #options: GELUOptions;

  constructor(options: GELUOptions = {}) {
    super("GELU", [], options, { approximate: oneOf("none", "tanh") } satisfies OptionKinds<GELUOptions>);
    this.#options = { ...options };
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.gelu(this.#options);
  }
}
