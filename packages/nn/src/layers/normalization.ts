import { ArgumentError, type FloatOptions, sameShape, type Shape, type Tensor } from "@stargrad/tensor";
import { eachAxis, expectWhole } from "../options.js";
import { expectShape } from "../shapes.js";

/** The element type of parameters and buffers that are not initialized at random. */
export type DTypeOptions = Pick<FloatOptions, "dtype">;

/** Mean and variance over some axes, which are kept with length 1. */
export interface Moments {
  readonly mean: Tensor;
  /** The biased one: `Σ (x − mean)² / n`. */
  readonly variance: Tensor;
}

export function momentsOf(x: Tensor, axis: readonly number[]): Moments {
  const mean = x.mean({ axis, keepDims: true });
  return { mean, variance: x.sub(mean).square().mean({ axis, keepDims: true }) };
}

/** `(x − mean) / √(variance + ε)`; ε avoids a division by 0 for constant values. */
export function standardize(x: Tensor, { mean, variance }: Moments, epsilon: number): Tensor {
  return x.sub(mean).div(variance.add(epsilon).sqrt());
}

/** `y · weight + bias`, without those that are null. */
export function scaleAndShift(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const scaled = weight === null ? y : y.mul(weight);
  return bias === null ? scaled : scaled.add(bias);
}

/** One value for each channel, [C], shaped so that it broadcasts over x [N, C, …]. */
export function perChannel<T extends Tensor | null>(values: T, x: Tensor): Tensor | T {
  if (values === null) return values;
  return values.reshape([values.size, ...x.shape.slice(2).map(() => 1)]);
}

/** The shape of the axes that a layer normalizes over. Throws: ArgumentError if it is empty, or a length is less than 1 */
export function normalizedAxes(
  called: string,
  normalizedShape: number | readonly number[],
): readonly number[] {
  const shape = eachAxis(normalizedShape, 1);
  if (shape.length === 0) {
    throw new ArgumentError(called, "got normalizedShape []; expected at least one axis");
  }
  for (const length of shape) expectWhole(called, { normalizedShape: length }, { least: 1 });
  return shape;
}

/** The indices of the last axes of x. Throws: ShapeError unless they have the given lengths */
export function expectTrailing(called: string, x: Tensor, last: Shape): number[] {
  const fits = x.ndim >= last.length && sameShape(x.shape.slice(x.ndim - last.length), last);
  expectShape(called, x, fits, `[…, ${last.join(", ")}]`);
  return last.map((_, i) => x.ndim - last.length + i);
}
