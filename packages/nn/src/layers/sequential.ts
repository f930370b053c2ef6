import type { Mismatch, Shape, Tensor, TensorUnless } from "@stargrad/tensor";
import { toTensor } from "@stargrad/tensor/internal";
import { Module } from "../module.js";
import { expectModules } from "../modules.js";
import type {
  DeclaredRule,
  InputShape,
  KnownRank,
  ProblemBefore,
  ShapeAfter,
  ShapeRule,
} from "../shape-rule.js";

/** A module with one input tensor and one output tensor. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/** The output shape of a sequence of layers. */
type ShapeAfterAll<Layers, S extends Shape> = Layers extends readonly [infer First, ...infer Rest]
  ? ShapeAfterAll<Rest, ShapeAfter<First, S>>
  : Layers extends readonly []
    ? S
    : Shape;

/** The error text of the first layer that does not accept the output of the layer before it; false if each does, or may. */
type FirstProblem<Layers extends readonly unknown[], S extends Shape> = [number] extends [Layers["length"]]
  ? false
  : Layers extends readonly [infer First, ...infer Rest]
    ? [ProblemBefore<First, S>] extends [string]
      ? ProblemBefore<First, S>
      : FirstProblem<Rest, ShapeAfter<First, S>>
    : false;

/** The layers, with a Mismatch instead of the first that does not fit. */
type Fitting<Layers extends readonly unknown[]> = [FirstProblem<Layers, Shape>] extends [string]
  ? Marked<Layers, Shape>
  : Layers;

type Marked<Layers extends readonly unknown[], S extends Shape> = Layers extends readonly [
  infer First,
  ...infer Rest,
]
  ? [ProblemBefore<First, S>] extends [string]
    ? [Mismatch<ProblemBefore<First, S>>, ...Rest]
    : [First, ...Marked<Rest, ShapeAfter<First, S>>]
  : [];

interface SequentialShapes extends ShapeRule {
  readonly layers: unknown;
  readonly output: ShapeAfterAll<this["layers"], InputShape<this>>;
  readonly problem: FirstProblem<
    this["layers"] extends readonly unknown[] ? this["layers"] : [],
    InputShape<this>
  >;
}

/**
 * Applies layers one after another: `y = fₙ(… f₂(f₁(x)))`. The names of its parameters begin with the index of the layer, `0.weight`.
 *
 * Shapes: x as the first layer accepts it -> y as the last returns it; without layers y is x
 * Source: torch.nn.Sequential
 */
export class Sequential<Layers extends readonly Layer[] = readonly Layer[]> extends Module {
  /** Stated, because bundlers shorten the names of classes. */
  static override get name(): string {
    return "Sequential";
  }

  declare readonly shapeRule?: DeclaredRule<SequentialShapes, { readonly layers: Layers }>;
  readonly layers: Layers;

  constructor(...layers: Fitting<Layers>);
  constructor(...layers: Layers) {
    super();
    expectModules(
      "Sequential",
      layers,
      "Pass layers as arguments: new Sequential(a, b) or new Sequential(...layers)",
    );
    this.layers = layers;
  }

  forward<S extends Shape>(
    x: TensorUnless<FirstProblem<Layers, S>, S>,
  ): Tensor<KnownRank<ShapeAfterAll<Layers, S>>>;
  forward(x: Tensor): Tensor {
    // The first layer reads the input, which may be an array of indices.
    if (this.layers.length === 0) return toTensor("Sequential", x);
    return this.layers.reduce((y: Tensor, layer) => layer.forward(y), x);
  }

  /** PyTorch's names: a layer is named by its index alone, `0`, not `layers.0`. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this.layers);
  }
}
