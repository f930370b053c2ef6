import type { Shape, Tensor, TensorUnless } from "@stargrad/tensor";
import type { FirstProblem, Fitting, KnownRank, ShapeAfterAll } from "../layer-shapes.js";
import { Module } from "../module.js";

/** A module from one tensor to one tensor. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/**
 * Applies layers one after another: `y = fₙ(… f₂(f₁(x)))`. Its parameters are named by the layers' places, `0.weight`.
 *
 * Shapes: x as the first layer takes it -> y as the last returns it; without layers y is x
 * Source: torch.nn.Sequential
 */
export class Sequential<Layers extends readonly Layer[] = readonly Layer[]> extends Module {
  readonly layers: Layers;

  constructor(...layers: Fitting<Layers>);
  constructor(...layers: Layers) {
    super();
    this.layers = layers;
  }

  forward<S extends Shape>(
    x: TensorUnless<FirstProblem<Layers, S>, S>,
  ): Tensor<KnownRank<ShapeAfterAll<Layers, S>>>;
  forward(x: Tensor): Tensor {
    return this.layers.reduce((y: Tensor, layer) => layer.forward(y), x);
  }

  /** Its names are PyTorch's: the layers stand under their places, not under `layers`. */
  protected override fields(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this.layers);
  }
}
