import { ArgumentError, formatShape, fromData, type Generator, Tensor } from "@stargrad/tensor";
import { expectOptions, positive, writeValue } from "@stargrad/tensor/internal";

import { valuesOf } from "../values-of.js";
import { expectGenerators, generatorsKind, likeValues, type RandomTransformOptions } from "./images.js";

export interface MixupOptions extends RandomTransformOptions {
  /** Of the distribution Beta(α, α) of the weights: small numbers mix little, and 1 makes all weights equally probable. Default: 0.2. */
  readonly alpha?: number;
}

/**
 * Mixes each item with the item before it in the batch, and the first one with the last: λ·xᵢ + (1 − λ)·xᵢ₋₁, and the same of y, with a λ from Beta(α, α) that the generator of
 * item i draws. Which items are mixed depends on the batch, so it follows from the order of the loader. Targets are probabilities:
 * `oneHot(y, classes)` of class indices.
 *
 * Shapes: x [B, ...], y [B, K] of floats -> the same
 * Defaults: alpha 0.2
 * Throws: ArgumentError for class indices, or another number of targets or generators than items
 * Source: Zhang et al., mixup: Beyond Empirical Risk Minimization (2017)
 */
export function mixup(
  batch: { readonly x: Tensor; readonly y: Tensor },
  options: MixupOptions,
): { x: Tensor; y: Tensor } {
  expectOptions<MixupOptions>("mixup", options, { generators: generatorsKind, alpha: positive }, [
    "generators",
  ]);
  const { generators, alpha = 0.2 } = options;
  expectPairs("mixup", batch, generators);
  const { x, y } = batch;
  const weights = generators.map((generator) => beta(generator, alpha));
  return { x: mixed(x, weights), y: mixed(y, weights) };
}

/** Throws: ArgumentError unless the items are floats, and their targets probabilities; and for another number of generators */
export function expectPairs(
  called: string,
  { x, y }: { readonly x: Tensor; readonly y: Tensor },
  generators: readonly Generator[],
): void {
  if (
    !(x instanceof Tensor && y instanceof Tensor) ||
    y.ndim < 2 ||
    !y.dtype.startsWith("float") ||
    !x.dtype.startsWith("float") ||
    x.shape[0] !== y.shape[0]
  ) {
    const written = (value: Tensor): string =>
      value instanceof Tensor ? `${value.dtype} ${formatShape(value.shape)}` : writeValue(value);
    throw new ArgumentError(
      called,
      `got x ${written(x)} and y ${written(y)}; expected floats x [B, ...] and probabilities y [B, classes]`,
      "Convert class indices with oneHot first",
    );
  }
  expectGenerators(called, generators, x.shape[0]);
}

/** Each item with its weight, and the item before it with the rest. */
export function mixed(x: Tensor, weights: readonly number[]): Tensor {
  const values = valuesOf(x);
  const size = values.length / Math.max(1, weights.length);
  const result = likeValues(values, values.length);
  for (const [i, weight] of weights.entries()) {
    const before = ((i + weights.length - 1) % weights.length) * size;
    for (let at = 0; at < size; at++) {
      result[i * size + at] = weight * values[i * size + at] + (1 - weight) * values[before + at];
    }
  }
  return fromData(result, x.shape);
}

/** A number from Beta(α, α): the share of one of two numbers from Gamma(α), whose logarithms are compared, because they may be below 10⁻³⁰⁸. */
export function beta(generator: Generator, alpha: number): number {
  return 1 / (1 + Math.exp(logGamma(generator, alpha) - logGamma(generator, alpha)));
}

/** The logarithm of a number from Gamma(α). Source: Marsaglia and Tsang, A Simple Method for Generating Gamma Variables (2000) */
function logGamma(generator: Generator, alpha: number): number {
  // For α < 1: a number from Gamma(α + 1), times u to the power of 1/α.
  const boost = alpha < 1 ? Math.log(1 - generator.uniform()) / alpha : 0;
  const d = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3;
  for (;;) {
    const normal = generator.normal();
    const cubed = (1 + normal / Math.sqrt(9 * d)) ** 3;
    const isTaken =
      cubed > 0 && Math.log(1 - generator.uniform()) < normal ** 2 / 2 + d * (1 - cubed + Math.log(cubed));
    if (isTaken) return Math.log(d * cubed) + boost;
  }
}
