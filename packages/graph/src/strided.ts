import { contiguousStrides, sizeOf, type Shape } from "./shape.js";
import type { TypedArray } from "./dtype.js";

/**
 * A way to look at an array: element `[i, j, …]` of the view stands at `offset + i·strides[0] + j·strides[1] + …`.
 * A stride of 0 repeats an element, a negative one walks backwards.
 */
export interface View {
  readonly offset: number;
  readonly strides: readonly number[];
}

/**
 * Visits a view's last axis row by row, in row-major order: `visit(start, offset)` where `start` counts the
 * elements before the row and `offset` is where its first element stands. A scalar is one row of one element.
 */
export function forEachRow(shape: Shape, view: View, visit: (start: number, offset: number) => void): void {
  const size = sizeOf(shape);
  if (size === 0) return;
  const outer = shape.length - 1;
  const rowLength = rowLengthOf(shape);
  const index = new Int32Array(Math.max(outer, 0));
  let offset = view.offset;
  for (let start = 0; start < size; start += rowLength) {
    visit(start, offset);
    for (let axis = outer - 1; axis >= 0; axis--) {
      const stride = view.strides[axis];
      const next = index[axis] + 1;
      offset += stride;
      if (next < shape[axis]) {
        index[axis] = next;
        break;
      }
      offset -= stride * next;
      index[axis] = 0;
    }
  }
}

export function rowLengthOf(shape: Shape): number {
  return shape.at(-1) ?? 1;
}

/** Fills `target`, row-major of the given shape, with what the view shows of `source`. */
export function gatherView(source: TypedArray, view: View, shape: Shape, target: TypedArray): void {
  const rowLength = rowLengthOf(shape);
  const stride = view.strides.at(-1) ?? 0;
  forEachRow(shape, view, (start, offset) => {
    for (let i = 0; i < rowLength; i++) target[start + i] = source[offset + i * stride];
  });
}

/** Writes `source`, row-major of the given shape, over the elements of `target` that the view shows. */
export function scatterView(source: TypedArray, view: View, shape: Shape, target: TypedArray): void {
  const rowLength = rowLengthOf(shape);
  const stride = view.strides.at(-1) ?? 0;
  forEachRow(shape, view, (start, offset) => {
    for (let i = 0; i < rowLength; i++) target[offset + i * stride] = source[start + i];
  });
}

/** Adds `source`, row-major of the given shape, onto the elements of `target` that the view shows. */
export function scatterAddView(source: TypedArray, view: View, shape: Shape, target: TypedArray): void {
  const rowLength = rowLengthOf(shape);
  const stride = view.strides.at(-1) ?? 0;
  forEachRow(shape, view, (start, offset) => {
    for (let i = 0; i < rowLength; i++) target[offset + i * stride] += source[start + i];
  });
}

/** An array of one shape as another that it broadcasts to: repeated along new axes, and along those of length 1. */
export function repeatedView(from: Shape, to: Shape): View {
  const strides = contiguousStrides(from);
  const added = to.length - from.length;
  return {
    offset: 0,
    strides: to.map((_, axis) => (axis < added || from[axis - added] === 1 ? 0 : strides[axis - added])),
  };
}

/** The view of an array as it lies: row-major, from its first element. */
export function contiguousView(shape: Shape): View {
  return { offset: 0, strides: contiguousStrides(shape) };
}
