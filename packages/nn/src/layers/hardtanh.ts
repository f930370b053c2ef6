import { ArgumentError, type HardtanhOptions, type Shape, type Tensor } from "@stargrad/tensor";
import { finite, type OptionKinds } from "@stargrad/tensor/internal";
import { TensorModule } from "../tensor-module.js";

/**
 * `y = min(max(x, a), b)`, element by element, with the bounds a and b. The gradient at the bounds is 0, as in PyTorch; the
 * gradient of `clamp` is 1 there.
 *
 * Shapes: any
 * Throws: ArgumentError unless min is below max
 * Source: torch.nn.Hardtanh
 */
export class Hardtanh extends TensorModule {
  readonly #options: HardtanhOptions;

  constructor(options: HardtanhOptions = {}) {
    super("Hardtanh", [], options, { min: finite, max: finite } satisfies OptionKinds<HardtanhOptions>);
    const { min = -1, max = 1 } = options;
    if (!(min < max)) {
      throw new ArgumentError("Hardtanh", `got min ${min} and max ${max}; expected min below max`);
    }
    this.#options = { ...options };
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.hardtanh(this.#options);
  }
}
