import type { Shape } from "@stargrad/graph";
import type { Tensor } from "@stargrad/tensor";
import { assignAll } from "./assignment.js";
import { disposeOf } from "./awaited-values.js";
import { computedLeaf, Variable } from "./variable.js";

/** A tensor that a module keeps and changes but does not learn, such as running statistics. Source: torch.nn buffers */
export class Buffer<S extends Shape = Shape> extends Variable<S> {
  /**
   * `keepsPrevious`: whether the value before the last is kept to compute with, as a parameter's is; a state that nothing
   * but its own next value is computed from does without, and is written over in place. Default: true.
   */
  constructor(value: Tensor<S>, { keepsPrevious = true }: { readonly keepsPrevious?: boolean } = {}) {
    super(computedLeaf(value, false), keepsPrevious);
  }

  override get kind(): "buffer" {
    return "buffer";
  }

  override assign(value: Tensor): void {
    assignAll([[this, value]]);
  }

  override peekGradient(): null {
    return null;
  }

  override dispose(): void {
    disposeOf(this);
  }
}
