import type { Shape } from "@stargrad/graph";
import type { Tensor } from "@stargrad/tensor";
import { expectOptions, flag, recognizeCopies, toTensor } from "@stargrad/tensor/internal";
import { assignAll } from "./assignment.js";
import { disposeOf } from "./awaited-values.js";
import { computedLeaf, Variable } from "./variable.js";

/**
 * A tensor that a module stores and updates but does not train, such as running statistics.
 *
 * Source: torch.nn.Module.register_buffer
 */
export class Buffer<S extends Shape = Shape> extends Variable<S> {
  static {
    recognizeCopies(this, "Buffer");
  }

  /**
   * `keepsPrevious`: whether the previous value is kept, as for a parameter. Pass false for a state from which only its own
   * next value is computed; it is then updated in place. Default: true.
   */
  constructor(value: Tensor<S>, options: { readonly keepsPrevious?: boolean } = {}) {
    expectOptions("Buffer", options, { keepsPrevious: flag });
    super(computedLeaf(toTensor("Buffer", value), false), options.keepsPrevious ?? true);
  }

  override get kind(): "buffer" {
    return "buffer";
  }

  override assign(value: Tensor): void {
    assignAll([[this, toTensor("assign", value, this)]]);
  }

  override peekGradient(): null {
    return null;
  }

  override dispose(): void {
    disposeOf(this);
  }
}
