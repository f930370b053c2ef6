import { ArgumentError, ShapeError } from "./errors.js";
import { tensorLike, writeValue } from "./kinds.js";

/** The length of each axis, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** The number of elements of a tensor of this shape: the product of its lengths, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** The index on each axis of the element with the given row-major index. Source: numpy.unravel_index */
export function unravelIndex(element: number, shape: Shape): number[] {
  const indices: number[] = [];
  let rest = element;
  for (const length of [...shape].reverse()) {
    indices.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return indices;
}

/** Whether two shapes have the same lengths in the same order. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Formats a shape for messages, as in `[2, 3]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Row-major strides in elements: the distance in memory between neighbours along each axis. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Throws unless it is a list, and every length an integer of at least 0. */
export function checkShape(called: string, shape: Shape): void {
  if (!Array.isArray(shape)) {
    const hint = tensorLike[1](shape) ? "Pass x.shape" : undefined;
    throw new ArgumentError(called, `got ${writeValue(shape)}; expected a shape, such as [2, 3]`, hint);
  }
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) {
      throw new ShapeError(
        called,
        `got the shape ${formatShape(shape)}; every axis must be a whole number of at least 0`,
      );
    }
  }
}

/** Converts an axis that may count from the end (−1 is the last) to one that counts from the start. */
export function normalizeAxis(called: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new ShapeError(
      called,
      rank === 0
        ? `got axis ${axis} for a scalar, which has no axes`
        : `got axis ${axis} for a tensor with ${rank} axes; expected a whole number from ${-rank} to ${rank - 1}`,
    );
  }
  return normalized;
}

/** Like {@link normalizeAxis} for several axes, in ascending order; `undefined` means all axes. */
export function normalizeAxes(
  called: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  if (typeof axes === "number") return [normalizeAxis(called, axes, rank)];
  const normalized = axes.map((axis) => normalizeAxis(called, axis, rank));
  if (new Set(normalized).size !== normalized.length) {
    throw new ShapeError(called, `got the axes ${formatShape(axes)}, which name one axis twice`);
  }
  return normalized.sort((a, b) => a - b);
}

/**
 * The shape to which two operands are expanded before they are combined, by NumPy's rule: align the last axes; lengths must be
 * equal or one of them 1.
 */
export function broadcastShapes(called: string, a: Shape, b: Shape): Shape {
  // Usually one operand has the shape of the result. Returning it lets many nodes share one list.
  if (expandsTo(b, a)) return a;
  if (expandsTo(a, b)) return b;
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(
        called,
        `${formatShape(a)} and ${formatShape(b)} do not broadcast: ${left} and ${right} differ at axis ${axis - rank}`,
        "Lengths must agree, or one of them be 1, counting axes from the last",
      );
    }
    result.push(left === 1 ? right : left);
  }
  return result;
}

/** Whether a tensor of this shape, with its last axes aligned, only has to be repeated to have the target shape. */
function expandsTo(shape: Shape, target: Shape): boolean {
  const added = target.length - shape.length;
  if (added < 0) return false;
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] !== target[added + axis] && shape[axis] !== 1) return false;
  }
  return true;
}
