import { Tensor, type Shape } from "@stargrad/tensor";
import { anything, expectOptions } from "@stargrad/tensor/internal";
import { dryRun, type ModelInputs, type OutputShapeOptions } from "./dry-run.js";
import type { Module } from "./module.js";

/** The type of a module's result with each tensor replaced by its shape; null stays null. */
export type ShapesOf<Result> = Result extends Tensor
  ? Shape
  : Result extends object
    ? { readonly [Name in keyof Result]: ShapesOf<Result[Name]> }
    : Result;

/**
 * The shape of the output of a model for an input of a given shape, `[32, 10]`. If the model returns several tensors, each is
 * replaced by its shape, `{ output: [5, 2, 8], hidden: [1, 2, 8] }`.
 *
 * It calls `forward` once, in evaluation mode, and computes no values. So it works for every model, including user-defined
 * ones, and throws the same errors as `forward`. The model is unchanged afterwards.
 *
 *     const features = new Sequential(new Conv2d(1, 8, 5), new ReLU(), new MaxPool2d(2), new Flatten());
 *     const [, length] = outputShape(features, [1, 1, 28, 28]);
 *     const model = new Sequential(features, new Linear(length, 10));
 *
 * Shapes: `inputs` is the shape of the input, or an example tensor; for several inputs, a list of shapes, examples and
 *         further arguments of `forward`, as for `summary`
 * Throws: ArgumentError if an option does not fit; the errors of `forward` if an input does not
 * Source: jax.eval_shape; keras.Layer.compute_output_shape
 */
export function outputShape<M extends Module>(
  model: M,
  inputs: ModelInputs,
  options: OutputShapeOptions = {},
): ShapesOf<ReturnType<M["forward"]>> {
  expectOptions("outputShape", options, { dtype: anything });
  return shapesOf(dryRun("outputShape", model, inputs, options)) as ShapesOf<ReturnType<M["forward"]>>;
}

function shapesOf(result: unknown): unknown {
  if (result instanceof Tensor) return (result as Tensor).shape;
  if (Array.isArray(result)) return result.map(shapesOf);
  if (typeof result !== "object" || result === null) return result;
  return Object.fromEntries(Object.entries(result).map(([name, part]) => [name, shapesOf(part)]));
}
