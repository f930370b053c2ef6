import { Parameter } from "@stargrad/autograd";
import { strokeCorners, type Strokes } from "@stargrad/datasets";
import { Module } from "@stargrad/nn";
import type { Tensor } from "@stargrad/tensor";

/**
 * The model of the first star lesson. It draws strokes one after the other; each has two parameters (knobs), a direction
 * and a length. Ten strokes have 20 knobs. The model contains no information about the star.
 *
 * Shapes: forward() -> [strokes, 2], the corner where each stroke ends
 */
export class Pen extends Module {
  readonly directions: Parameter;
  readonly lengths: Parameter;
  readonly #start: Tensor;

  constructor({ start, directions, lengths }: Strokes) {
    super();
    this.directions = new Parameter(directions);
    this.lengths = new Parameter(lengths);
    this.#start = start;
  }

  forward(): Tensor {
    return strokeCorners({ start: this.#start, directions: this.directions, lengths: this.lengths });
  }
}
