import { ArgumentError, formatShape, ShapeError, type Tensor } from "@stargrad/tensor";
import { expectValues, integer, writeValue } from "@stargrad/tensor/internal";
import { type NoOptions } from "../options.js";
import { expectAxes } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

/**
 * Divides one axis into several, the inverse of Flatten. One of the sizes may be −1: it is then computed from the others.
 *
 * Shapes: x […, A · B, …] -> y […, A, B, …]
 * Throws: ArgumentError unless the sizes are whole, and at most one of them −1; ShapeError if x does not have the axis, or
 *         the sizes do not divide it
 * Source: torch.nn.Unflatten
 */
export class Unflatten extends TensorModule {
  readonly #axis: number;
  readonly #sizes: readonly number[];

  constructor(axis: number, sizes: readonly number[], options: NoOptions = {}) {
    super("Unflatten", [axis, sizes], options, []);
    expectValues("Unflatten", { axis }, integer);
    const valid = Array.isArray(sizes) && sizes.every((size) => Number.isInteger(size) && size >= -1);
    if (!valid || sizes.length === 0 || sizes.filter((size) => size === -1).length > 1) {
      throw new ArgumentError(
        "Unflatten",
        `got the sizes ${writeValue(sizes)}; expected whole numbers, of which one may be -1`,
      );
    }
    [this.#axis, this.#sizes] = [axis, sizes.slice()];
  }

  forward(x: Tensor): Tensor {
    expectAxes(this.describe(), x, [this.#axis]);
    const axis = this.#axis < 0 ? this.#axis + x.ndim : this.#axis;
    const length = x.shape[axis];
    const known = this.#sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
    const sizes = this.#sizes.map((size) => (size === -1 && known > 0 ? Math.floor(length / known) : size));
    if (sizes.includes(-1) || sizes.reduce((product, size) => product * size, 1) !== length) {
      throw new ShapeError(
        this.describe(),
        `got ${formatShape(x.shape)}, whose axis ${axis} has length ${length}; expected sizes whose product is ${length}`,
      );
    }
    return x.reshape([...x.shape.slice(0, axis), ...sizes, ...x.shape.slice(axis + 1)]);
  }
}
