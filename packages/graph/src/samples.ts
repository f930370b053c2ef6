import { allocate, type DType } from "./dtype.js";
import type { HostTensor } from "./primitive.js";
import { sizeOf, type Shape } from "./shape.js";

/** The range of sample values. */
export interface Range {
  readonly low: number;
  readonly high: number;
  /** Points where a derivative jumps. Values stay at least `margin` away from them, so that finite differences do not cross them. */
  readonly kinks?: readonly number[];
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;
const margin = 0.05;

/**
 * Draws a sample tensor. Multiples of the golden ratio modulo 1 are spread evenly and never tie, so a maximum is always unique.
 * `seed` shifts the sequence so that two inputs differ.
 */
export function draw(
  shape: Shape,
  { low, high, kinks = [] }: Range,
  seed = 0,
  dtype: DType = "float64",
): HostTensor {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const fraction = ((i + 1) * goldenRatio + (seed + 1) * 0.137) % 1;
    const value = low + (high - low) * fraction;
    const kink = kinks.find((point) => Math.abs(value - point) < margin);
    data[i] = kink === undefined ? value : value < kink ? kink - margin : kink + margin;
  }
  return { shape, dtype, data };
}

/** The arguments of `reals`, for tables. */
export type Bounds = Parameters<typeof reals>;

/** Real numbers in `[low, high)` for samples, away from the given kinks. */
export function reals(low: number, high: number, kinks: readonly number[] = []): Range {
  return { low, high, kinks };
}

/** A sample of explicit values. */
export function values(dtype: DType, shape: Shape, list: readonly number[]): HostTensor {
  const data = allocate(dtype, list.length);
  data.set(list);
  return { shape, dtype, data };
}

/** The shapes on which tests try every elementwise primitive: scalar, vector, matrix, an axis of length 1, and empty. */
export const sampleShapes: readonly Shape[] = [[], [5], [2, 3], [3, 1, 2], [0, 2]];

/** Whole numbers from −9 to 8. */
export function integers(shape: Shape): HostTensor {
  return draw(shape, { low: -9, high: 9 }, 2, "int32");
}

export function flags(shape: Shape): HostTensor {
  const { data } = draw(shape, { low: 0, high: 2 });
  return { shape, dtype: "bool", data: Uint8Array.from(data, (value) => Number(value >= 1)) };
}
