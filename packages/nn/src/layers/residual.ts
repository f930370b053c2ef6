import {
  formatShape,
  sameShape,
  ShapeError,
  type Shape,
  type Tensor,
  type TensorUnless,
} from "@stargrad/tensor";
import { Module } from "../module.js";
import type {
  DeclaredRule,
  InputShape,
  KnownRank,
  ProblemBefore,
  ShapeAfter,
  ShapeRule,
} from "../shape-rule.js";
import { Identity } from "./identity.js";
import type { Layer } from "./sequential.js";

interface ResidualShapes extends ShapeRule {
  readonly layer: unknown;
  readonly output: ShapeAfter<this["layer"], InputShape<this>>;
  readonly problem: ProblemBefore<this["layer"], InputShape<this>>;
}

/**
 * Adds what a layer makes of its input to the input: `y = x + f(x)`. Where f changes the shape, a shortcut g brings x to
 * the same: `y = g(x) + f(x)`.
 *
 * Shapes: x as f and g take it -> y as both return it
 * Defaults: the shortcut is Identity, which adds nothing to the state
 * Throws: ShapeError unless both return one shape; nothing is broadcast
 * Source: He et al., "Deep Residual Learning", 2015, eq. 1 and 2
 */
export class Residual<F extends Layer = Layer> extends Module {
  declare readonly shapeRule?: DeclaredRule<ResidualShapes, { readonly layer: F }>;
  readonly layer: F;
  readonly shortcut: Layer;

  constructor(layer: F, shortcut: Layer = new Identity()) {
    super();
    this.layer = layer;
    this.shortcut = shortcut;
  }

  forward<S extends Shape>(x: TensorUnless<ProblemBefore<F, S>, S>): Tensor<KnownRank<ShapeAfter<F, S>>>;
  forward(x: Tensor): Tensor {
    const [carried, learned] = [this.shortcut.forward(x), this.layer.forward(x)];
    if (!sameShape(carried.shape, learned.shape)) {
      throw new ShapeError(
        "Residual",
        `got ${formatShape(learned.shape)} from the layer and ${formatShape(carried.shape)} from the shortcut; expected one shape`,
        "Give a second layer that brings the input to the shape of the first one's output",
      );
    }
    return carried.add(learned);
  }
}
