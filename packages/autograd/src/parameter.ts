import { DTypeError, formatShape, sameShape, ShapeError, type Node, type Shape } from "@stargrad/graph";
import type { Tensor } from "@stargrad/tensor";
import { expectOptions, flag, recognizeCopies, toTensor } from "@stargrad/tensor/internal";
import { assignAll } from "./assignment.js";
import { disposeOf } from "./awaited-values.js";
import { GradientSlot } from "./gradient-slot.js";
import { recording } from "./recorded-changes.js";
import { computedLeaf, Variable } from "./variable.js";

/**
 * A trainable tensor. `backward` stores its gradient in `grad`; an optimizer computes the next value from that.
 *
 * Throws: DTypeError unless the value is float32 or float64
 * Source: torch.nn.Parameter
 */
export class Parameter<S extends Shape = Shape> extends Variable<S> {
  static {
    recognizeCopies(this, "Parameter");
  }

  readonly #gradient = new GradientSlot(this);

  constructor(initial: Tensor<S>, options: { readonly requiresGradient?: boolean } = {}) {
    expectOptions("Parameter", options, { requiresGradient: flag });
    const value = toTensor("Parameter", initial);
    if (value.dtype !== "float32" && value.dtype !== "float64") {
      throw new DTypeError("Parameter", `got ${value.dtype}; expected float32 or float64`);
    }
    super(computedLeaf(value, options.requiresGradient ?? true), true);
  }

  override get kind(): "parameter" {
    return "parameter";
  }

  override assign(value: Tensor): void {
    assignAll([[this, toTensor("assign", value, this)]]);
  }

  /**
   * dL/dp of this parameter p, summed over the `backward` calls since it was last set to null; null if no loss has depended
   * on it. While a function is recorded, it is the gradient within the recording, which starts and ends with null.
   */
  get grad(): Tensor | null {
    const changes = recording();
    return changes === null ? this.#gradient.share() : (changes.gradients.get(this) ?? null);
  }

  set grad(value: Tensor | null) {
    const gradient = value === null ? null : toTensor("grad", value, this);
    if (gradient !== null && !sameShape(gradient.shape, this.shape)) {
      const [got, expected] = [gradient, this].map(({ shape }) => formatShape(shape));
      throw new ShapeError("grad", `got the shape ${got} for ${this.description} ${expected}`);
    }
    const changes = recording();
    if (changes === null) this.#gradient.set(gradient);
    else changes.gradients.set(this, gradient);
  }

  /** The gradient, for callers that use it immediately and keep no reference. Unlike `grad`, this copies nothing to the host. */
  override peekGradient(): Tensor | null {
    const changes = recording();
    return changes === null ? this.#gradient.peek() : (changes.gradients.get(this) ?? null);
  }

  /** Sets a gradient that no other code references. For `backward`. */
  ownGradient(gradient: Tensor): void {
    const changes = recording();
    if (changes === null) this.#gradient.own(gradient);
    else changes.gradients.set(this, gradient);
  }

  /** Whether gradients are computed for it. Changes affect later operations only. */
  get requiresGradient(): boolean {
    return this.current.tracked;
  }

  set requiresGradient(required: boolean) {
    this.represent(required);
  }

  /** Frees the memory of its values immediately, and drops its gradient. */
  override dispose(): void {
    disposeOf(this);
    this.#gradient.dispose();
  }
}

/**
 * The parameter whose current or earlier value this node is; `undefined` for any other node. `backward` finds parameters by
 * it.
 */
export function parameterOf({ owner }: Node): Parameter | undefined {
  return owner instanceof Parameter ? owner : undefined;
}
