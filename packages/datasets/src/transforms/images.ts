import {
  ArgumentError,
  formatShape,
  fromData,
  ShapeError,
  type Generator,
  type Tensor,
  type TypedArray,
} from "@stargrad/tensor";
import { listOf, writeValue, type Kind } from "@stargrad/tensor/internal";

import { valuesOf } from "../values-of.js";

/** Where the random numbers of a transform come from. */
export interface RandomTransformOptions {
  /** A generator for each item of the batch, as `mapDataset` passes them to its function. */
  readonly generators: readonly Generator[];
}

export const generatorsKind: Kind = listOf([
  "a Generator, as mapDataset passes them to its function",
  (value) => typeof value === "object" && value !== null && "uniform" in value,
]);

/** Two numbers in order, the least and the greatest. */
export const rangeKind: Kind = [
  "two numbers above 0, the least and the greatest",
  (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every(Number.isFinite) &&
    value[0] > 0 &&
    value[0] <= value[1],
];

/** Images [B, C, H, W] and their elements. */
export interface Images {
  readonly values: TypedArray;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Throws: ShapeError unless x is [B, C, H, W] of floats; ArgumentError for another number of generators than images */
export function imagesIn(called: string, x: Tensor, generators?: readonly Generator[]): Images {
  const [count, channels, height, width] = x.shape;
  if (x.ndim !== 4 || !x.dtype.startsWith("float")) {
    throw new ShapeError(
      called,
      `got ${x.dtype} ${formatShape(x.shape)}; expected floats [images, channels, height, width]`,
      "Reshape first, as in x.reshape([-1, 1, 28, 28])",
    );
  }
  if (generators !== undefined) expectGenerators(called, generators, count);
  return { values: valuesOf(x), count, channels, height, width };
}

export function expectGenerators(called: string, generators: readonly Generator[], count: number): void {
  if (generators.length === count) return;
  throw new ArgumentError(
    called,
    `got ${writeValue(generators.length)} generators for ${count} items; expected one for each`,
  );
}

/** An array of the same class with another number of elements, all `value`. */
export function likeValues(values: TypedArray, length: number, value = 0): TypedArray {
  return new (values.constructor as new (length: number) => TypedArray)(length).fill(value);
}

/** The images with these elements, of another size if it is given. */
export function imagesOf(
  images: Images,
  values: TypedArray,
  height = images.height,
  width = images.width,
): Tensor {
  return fromData(values, [images.count, images.channels, height, width]);
}
