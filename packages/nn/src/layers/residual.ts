import {
  formatShape,
  sameShape,
  ShapeError,
  type Shape,
  type Tensor,
  type TensorUnless,
} from "@stargrad/tensor";
import type {
  DeclaredRule,
  InputShape,
  KnownRank,
  ProblemBefore,
  ShapeAfter,
  ShapeRule,
} from "../shape-rule.js";
import { expectValues } from "@stargrad/tensor/internal";
import { moduleKind } from "../modules.js";
import { TensorModule } from "../tensor-module.js";
import { Identity } from "./identity.js";
import type { Layer } from "./sequential.js";

interface ResidualShapes extends ShapeRule {
  readonly layer: unknown;
  readonly output: ShapeAfter<this["layer"], InputShape<this>>;
  readonly problem: ProblemBefore<this["layer"], InputShape<this>>;
}

/**
 * Adds the output of a layer to its input: `y = x + f(x)`. If f changes the shape, a shortcut layer g maps x to the same
 * shape: `y = g(x) + f(x)`.
 *
 * Shapes: x as f and g accept it -> y as both return it
 * Defaults: the shortcut is Identity, which has no state
 * Throws: ShapeError unless both return the same shape; nothing is broadcast
 * Source: He et al., "Deep Residual Learning", 2015, eq. 1 and 2
 */
export class Residual<F extends Layer = Layer> extends TensorModule {
  /** Stated, because bundlers shorten the names of classes. */
  static override get name(): string {
    return "Residual";
  }

  declare readonly shapeRule?: DeclaredRule<ResidualShapes, { readonly layer: F }>;
  readonly layer: F;
  readonly shortcut: Layer;

  constructor(layer: F, shortcut: Layer = new Identity()) {
    super();
    expectValues("Residual", { layer, shortcut }, moduleKind);
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
        "Pass a shortcut that maps the input to the shape of the layer's output",
      );
    }
    return carried.add(learned);
  }
}
