import { contiguousStrides, sizeOf, type Shape } from "./shape.js";
import type { TypedArray } from "./dtype.js";

/**
 * A strided view of an array: element `[i, j, …]` of the view is at `offset + i·strides[0] + j·strides[1] + …`.
 * A stride of 0 repeats an element; a negative stride reverses the order.
 */
export interface View {
  readonly offset: number;
  readonly strides: readonly number[];
}

/**
 * Calls `visit(start, offset)` for each row along a view's last axis, in row-major order: `start` is the number of elements before
 * the row, `offset` is the position of its first element in the array. A scalar is one row of one element.
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

/** Fills `target`, row-major of the given shape, with the elements of the view of `source`. */
export function gatherView(source: TypedArray, view: View, shape: Shape, target: TypedArray): void {
  const rowLength = rowLengthOf(shape);
  const stride = view.strides.at(-1) ?? 0;
  forEachRow(shape, view, (start, offset) => {
    for (let i = 0; i < rowLength; i++) target[start + i] = source[offset + i * stride];
  });
}

/** Writes `source`, row-major of the given shape, to the elements of the view of `target`. */
export function scatterView(source: TypedArray, view: View, shape: Shape, target: TypedArray): void {
  const rowLength = rowLengthOf(shape);
  const stride = view.strides.at(-1) ?? 0;
  forEachRow(shape, view, (start, offset) => {
    for (let i = 0; i < rowLength; i++) target[offset + i * stride] = source[start + i];
  });
}

/** Adds `source`, row-major of the given shape, to the elements of the view of `target`. */
export function scatterAddView(source: TypedArray, view: View, shape: Shape, target: TypedArray): void {
  const rowLength = rowLengthOf(shape);
  const stride = view.strides.at(-1) ?? 0;
  forEachRow(shape, view, (start, offset) => {
    for (let i = 0; i < rowLength; i++) target[offset + i * stride] += source[start + i];
  });
}

/** The view that broadcasts an array from one shape to another: repeated along new axes and along axes of length 1. */
export function repeatedView(from: Shape, to: Shape): View {
  const strides = contiguousStrides(from);
  const added = to.length - from.length;
  return {
    offset: 0,
    strides: to.map((_, axis) => (axis < added || from[axis - added] === 1 ? 0 : strides[axis - added])),
  };
}

/** The row-major view of an array from its first element. */
export function contiguousView(shape: Shape): View {
  return { offset: 0, strides: contiguousStrides(shape) };
}
