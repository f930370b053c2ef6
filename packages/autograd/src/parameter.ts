import { DTypeError, type Node, type Shape } from "@stargrad/graph";
import type { Tensor } from "@stargrad/tensor";
import { assignAll } from "./assignment.js";
import { disposeOf } from "./awaited-values.js";
import { GradientSlot } from "./gradient-slot.js";
import { recording } from "./recorded-changes.js";
import { computedLeaf, Variable } from "./variable.js";

/**
 * A tensor that is learned. `backward` leaves its gradient in `grad`; an optimizer turns that into a new value.
 *
 * Throws: DTypeError unless the value is float32 or float64
 * Source: torch.nn.Parameter
 */
export class Parameter<S extends Shape = Shape> extends Variable<S> {
  readonly #gradient = new GradientSlot(this);

  constructor(value: Tensor<S>, { requiresGradient = true }: { readonly requiresGradient?: boolean } = {}) {
    if (value.dtype !== "float32" && value.dtype !== "float64") {
      throw new DTypeError("Parameter", `got ${value.dtype}; expected float32 or float64`);
    }
    super(computedLeaf(value, requiresGradient), true);
  }

  override get kind(): "parameter" {
    return "parameter";
  }

  override assign(value: Tensor): void {
    assignAll([[this, value]]);
  }

  /**
   * dL/dthis, summed over the `backward` calls since it was last set to null; null if no loss has depended on it. While a
   * step is recorded it is the gradient within the recording, which begins and ends with none.
   */
  get grad(): Tensor | null {
    const changes = recording();
    return changes === null ? this.#gradient.share() : (changes.gradients.get(this) ?? null);
  }

  set grad(gradient: Tensor | null) {
    const changes = recording();
    if (changes === null) this.#gradient.set(gradient);
    else changes.gradients.set(this, gradient);
  }

  /** The gradient for whoever computes with it at once. One that has only been read so need never leave the engine. */
  override peekGradient(): Tensor | null {
    const changes = recording();
    return changes === null ? this.#gradient.peek() : (changes.gradients.get(this) ?? null);
  }

  /** Takes on a gradient that nobody else has. For `backward`. */
  ownGradient(gradient: Tensor): void {
    const changes = recording();
    if (changes === null) this.#gradient.own(gradient);
    else changes.gradients.set(this, gradient);
  }

  /** Whether gradients reach it. Freezing a parameter takes effect for what is computed from here on. */
  get requiresGradient(): boolean {
    return this.current.tracked;
  }

  set requiresGradient(required: boolean) {
    this.represent(required);
  }

  /** Gives back at once what its values take, and drops its gradient. */
  override dispose(): void {
    disposeOf(this);
    this.#gradient.dispose();
  }
}

/** The parameter whose value this node is or was: how `backward` finds its way home. `undefined` for any other node. */
export function parameterOf({ owner }: Node): Parameter | undefined {
  return owner instanceof Parameter ? owner : undefined;
}
