import { allocate, type DType } from "./dtype.js";
import type { HostTensor } from "./primitive.js";
import { sizeOf, type Shape } from "./shape.js";

/** Where sample values come from. */
export interface Range {
  readonly low: number;
  readonly high: number;
  /** Points where a derivative jumps; values keep `margin` away from them, further than a finite difference reaches. */
  readonly kinks?: readonly number[];
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;
const margin = 0.05;

/**
 * Draws a sample tensor. Multiples of the golden ratio modulo 1 look random, are spread evenly and never tie, so no
 * sample sits on the edge between two maxima. `seed` shifts the sequence so that two inputs differ.
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

/** Real numbers in `[low, high)` for samples, away from the given kinks. */
export function reals(low: number, high: number, kinks: readonly number[] = []): Range {
  return { low, high, kinks };
}

/** A sample of written-out values. */
export function values(dtype: DType, shape: Shape, list: readonly number[]): HostTensor {
  const data = allocate(dtype, list.length);
  data.set(list);
  return { shape, dtype, data };
}

/** Shapes every elementwise primitive is tried on: scalar, vector, matrix, an axis of length 1, and empty. */
export const sampleShapes: readonly Shape[] = [[], [5], [2, 3], [3, 1, 2], [0, 2]];
