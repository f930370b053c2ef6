import { Tensor, type Shape } from "@stargrad/tensor";
import { dryRun, type ModelInputs, type OutputShapeOptions } from "./dry-run.js";
import type { Module } from "./module.js";

/** The shapes of tensors, where they stand in what a module returns: a shape for a tensor, and null for null. */
export type ShapesOf<Result> = Result extends Tensor
  ? Shape
  : Result extends object
    ? { readonly [Name in keyof Result]: ShapesOf<Result[Name]> }
    : Result;

/**
 * The shape of what a model returns for an input of a shape, `[32, 10]`; for a model that returns several tensors, a shape in
 * the place of each, `{ output: [5, 2, 8], hidden: [1, 2, 8] }`.
 *
 * The rule is `forward` itself, which is called once, in `eval`, and of which nothing is computed: so every model has it, one's
 * own too, and what `forward` refuses it refuses in the same words. The model is left as it was.
 *
 *     const features = new Sequential(new Conv2d(1, 8, 5), new ReLU(), new MaxPool2d(2), new Flatten());
 *     const [, length] = outputShape(features, [1, 1, 28, 28]);
 *     const model = new Sequential(features, new Linear(length, 10));
 *
 * Shapes: `inputs` is the shape of the input or an example; of several, a list of shapes, examples and further arguments of
 *         `forward`, as for `summary`
 * Throws: ArgumentError if an option does not fit; what `forward` throws if an input does not
 * Source: jax.eval_shape; keras.Layer.compute_output_shape
 */
export function outputShape<M extends Module>(
  model: M,
  inputs: ModelInputs,
  options: OutputShapeOptions = {},
): ShapesOf<ReturnType<M["forward"]>> {
  return shapesOf(dryRun("outputShape", model, inputs, options)) as ShapesOf<ReturnType<M["forward"]>>;
}

function shapesOf(result: unknown): unknown {
  if (result instanceof Tensor) return (result as Tensor).shape;
  if (Array.isArray(result)) return result.map(shapesOf);
  if (typeof result !== "object" || result === null) return result;
  return Object.fromEntries(Object.entries(result).map(([name, part]) => [name, shapesOf(part)]));
}
