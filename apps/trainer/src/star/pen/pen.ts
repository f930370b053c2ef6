import { Parameter } from "@stargrad/autograd";
import { strokeCorners, type Strokes } from "@stargrad/datasets";
import { Module } from "@stargrad/nn";
import { stack, type Tensor } from "@stargrad/tensor";

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

  /** The point where the first stroke begins. */
  get start(): Tensor {
    return this.#start;
  }

  forward(): Tensor {
    return this.drawn(this.directions, this.lengths);
  }

  /** The corners with other knobs. */
  drawn(directions: Tensor, lengths: Tensor): Tensor {
    return strokeCorners({ start: this.#start, directions, lengths });
  }

  /** How far each stroke goes to the right and up: [strokes, 2]. */
  moves(): Tensor {
    const { directions, lengths } = this;
    return stack([lengths.mul(directions.cos()), lengths.mul(directions.sin())], { axis: 1 });
  }
}
