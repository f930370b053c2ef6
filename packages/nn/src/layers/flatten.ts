import type { Flattened, FlattenProblem, Shape, Tensor, TensorUnless } from "@stargrad/tensor";
import { integer, type OptionKinds } from "@stargrad/tensor/internal";
import type { DeclaredRule, InputShape, ShapeRule } from "../shape-rule.js";
import { expectAxes } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

export interface FlattenOptions<Start extends number = number, End extends number = number> {
  /** The first axis to join; negative counts from the end. Default: 1, which keeps the batch axis. */
  readonly startAxis?: Start;
  /** The last axis to join; negative counts from the end. Default: −1. */
  readonly endAxis?: End;
}

interface FlattenShapes extends ShapeRule {
  readonly start: number;
  readonly end: number;
  readonly output: Flattened<InputShape<this>, this["start"], this["end"]>;
  readonly problem: FlattenProblem<InputShape<this>, this["start"], this["end"]>;
}

/**
 * Joins several axes into one.
 *
 * Shapes: x [N, …] -> y [N, the product of the other axes]
 * Throws: ShapeError if x does not have the axes
 * Source: torch.nn.Flatten
 */
export class Flatten<Start extends number = 1, End extends number = -1> extends TensorModule {
  declare readonly shapeRule?: DeclaredRule<FlattenShapes, { readonly start: Start; readonly end: End }>;
  readonly #startAxis: number;
  readonly #endAxis: number;

  constructor(options: FlattenOptions<Start, End> = {}) {
    super("Flatten", [], options, {
      startAxis: integer,
      endAxis: integer,
    } satisfies OptionKinds<FlattenOptions>);
    const { startAxis = 1, endAxis = -1 } = options;
    [this.#startAxis, this.#endAxis] = [startAxis, endAxis];
  }

  forward<S extends Shape>(
    x: TensorUnless<FlattenProblem<S, Start, End>, S>,
  ): Tensor<Flattened<S, Start, End>>;
  forward(x: Tensor): Tensor {
    const [start, end] = [this.#startAxis, this.#endAxis];
    expectAxes(this.describe(), x, [start, end]);
    return x.flatten({ startAxis: start, endAxis: end });
  }
}
