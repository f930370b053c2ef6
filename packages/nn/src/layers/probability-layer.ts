import type { Shape, Tensor } from "@stargrad/tensor";
import { integer, type OptionKinds } from "@stargrad/tensor/internal";
import { expectAxes } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

export interface SoftmaxOptions {
  /** The axis along which the probabilities add up to 1; negative counts from the end. Default: −1. */
  readonly axis?: number;
}

/** The base class of Softmax and LogSoftmax: a function along an axis that must exist. */
export abstract class ProbabilityLayer extends TensorModule {
  readonly #axis: number;

  constructor(name: string, options: SoftmaxOptions) {
    super(name, [], options, { axis: integer } satisfies OptionKinds<SoftmaxOptions>);
    this.#axis = options.axis ?? -1;
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    expectAxes(this.describe(), x, [this.#axis]);
    return this.along(x, this.#axis);
  }

  protected abstract along(x: Tensor, axis: number): Tensor;
}
