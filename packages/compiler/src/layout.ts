import { sameShape, type Shape } from "@stargrad/graph";

/** A part of an axis with one stride, in elements. */
export interface Digit {
  readonly length: number;
  readonly stride: number;
}

/**
 * The positions of a tensor's elements in a buffer. Each axis is a list of digits, outermost first, like the digits of a
 * mixed-radix number: index 7 of an axis with digits of length 3 and 4 is digit 1, digit 3. An axis that was not reshaped has one
 * digit. Merging axes concatenates their digits, so a reshape of a transposed tensor needs no copy.
 *
 * The element at (d₀, d₁, …) is at position `offset + Σ dᵢ · strideᵢ`.
 */
export interface Layout {
  readonly offset: number;
  readonly axes: readonly (readonly Digit[])[];
}

/** The last result of `contiguous`, cached because neighbouring nodes of a graph often have the same shape. */
let latest: { readonly shape: Shape; readonly layout: Layout } = {
  shape: [],
  layout: { offset: 0, axes: [] },
};

/** The row-major layout of a whole buffer. */
export function contiguous(shape: Shape): Layout {
  if (!sameShape(shape, latest.shape)) latest = { shape: [...shape], layout: rowMajor(shape) };
  return latest.layout;
}

function rowMajor(shape: Shape): Layout {
  const axes: Digit[][] = shape.map(() => []);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    axes[axis] = digit(shape[axis], stride);
    stride *= shape[axis];
  }
  return { offset: 0, axes };
}

/** The layout of the results of a reduction: row-major, with stride 0 along the reduced axes. */
export function combined(shape: Shape, axes: readonly number[]): Layout {
  const kept = contiguous(shape.map((length, axis) => (axes.includes(axis) ? 1 : length)));
  return expand(kept, shape);
}

export function shapeOf({ axes }: Layout): number[] {
  return axes.map(lengthOf);
}

/** The number of elements. */
export function countOf({ axes }: Layout): number {
  let count = 1;
  for (const digits of axes) for (const { length } of digits) count *= length;
  return count;
}

export function permute({ offset, axes }: Layout, order: readonly number[]): Layout {
  return { offset, axes: order.map((axis) => axes[axis]) };
}

/** Broadcasts to a shape: axes of length 1, and new axes in front, get the given length and stride 0. */
export function expand({ offset, axes }: Layout, shape: Shape): Layout {
  const added = shape.length - axes.length;
  return {
    offset,
    axes: shape.map((length, axis) => {
      const digits = axis < added ? [] : axes[axis - added];
      return digits.length === 0 ? digit(length, 0) : digits;
    }),
  };
}

/** Reverses some axes. Reversing each digit of a mixed-radix number reverses the order of the numbers. */
export function flip({ offset, axes }: Layout, flipped: readonly number[]): Layout {
  let start = offset;
  const result = axes.map((digits, axis) =>
    flipped.includes(axis)
      ? digits.map(({ length, stride }) => {
          start += (length - 1) * stride;
          return { length, stride: -stride };
        })
      : digits,
  );
  return { offset: start, axes: result };
}

/** Every step-th element from start along each axis; `null` if an axis to be sliced has several digits. */
export function slice(
  layout: Layout,
  starts: readonly number[],
  lengths: readonly number[],
  steps: readonly number[],
): Layout | null {
  let offset = layout.offset;
  const axes: (readonly Digit[])[] = [];
  for (let axis = 0; axis < layout.axes.length; axis++) {
    const digits = layout.axes[axis];
    if (starts[axis] === 0 && steps[axis] === 1 && lengths[axis] === lengthOf(digits)) {
      axes.push(digits);
      continue;
    }
    if (digits.length > 1) return null;
    const stride = digits.length === 0 ? 0 : digits[0].stride;
    offset += starts[axis] * stride;
    axes.push(digit(lengths[axis], stride * steps[axis]));
  }
  return { offset, axes };
}

/** Windows over the last axes; `null` if one of them has several digits. */
export function unfold(
  { offset, axes }: Layout,
  size: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
  positions: readonly number[],
): Layout | null {
  const spatial = axes.slice(axes.length - size.length);
  if (spatial.some((digits) => digits.length > 1)) return null;
  const step = spatial.map((digits) => (digits.length === 0 ? 0 : digits[0].stride));
  return {
    offset,
    axes: [
      ...axes.slice(0, axes.length - size.length),
      ...step.map((s, axis) => digit(positions[axis], s * stride[axis])),
      ...step.map((s, axis) => digit(size[axis], s * dilation[axis])),
    ],
  };
}

/** The same elements in another shape; `null` if a boundary between new axes would divide a digit unevenly. */
export function reshape(layout: Layout, shape: Shape): Layout | null {
  if (isContiguous(layout)) return contiguous(shape);
  const rest = joined(layout.axes.flat());
  const axes: Digit[][] = [];
  for (const length of shape) {
    const digits: Digit[] = [];
    let needed = length;
    while (needed > 1) {
      const next = rest.shift();
      if (next === undefined) return null;
      if (needed % next.length === 0) {
        digits.push(next);
        needed /= next.length;
      } else if (next.length % needed === 0) {
        const inner = next.length / needed;
        digits.push({ length: needed, stride: next.stride * inner });
        rest.unshift({ length: inner, stride: next.stride });
        needed = 1;
      } else {
        return null;
      }
    }
    axes.push(joined(digits));
  }
  return { offset: layout.offset, axes };
}

/** Whether the elements are in row-major order, without gaps, from the start of the buffer. */
export function isContiguous(layout: Layout): boolean {
  return layout.offset === 0 && isRun(layout);
}

/** Whether the elements are in row-major order, without gaps. */
export function isRun({ axes }: Layout): boolean {
  let stride = 1;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const digits = axes[axis];
    for (let i = digits.length - 1; i >= 0; i--) {
      if (digits[i].stride !== stride) return false;
      stride *= digits[i].length;
    }
  }
  return true;
}

export function sameLayout(a: Layout, b: Layout): boolean {
  return a.offset === b.offset && sameDigits(a, b);
}

/** The range of positions in a buffer that a layout covers; both ends are included. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

export function stretchOf({ offset, axes }: Layout): Stretch {
  let [first, last] = [offset, offset];
  for (const digits of axes) {
    for (const { length, stride } of digits) {
      if (stride < 0) first += (length - 1) * stride;
      else last += (length - 1) * stride;
    }
  }
  return { first, last };
}

/** Whether two layouts have the same digits; their offsets may differ. */
export function sameDigits({ axes: a }: Layout, { axes: b }: Layout): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) {
    const [digits, others] = [a[axis], b[axis]];
    if (digits.length !== others.length) return false;
    for (let i = 0; i < digits.length; i++) {
      if (digits[i].length !== others[i].length || digits[i].stride !== others[i].stride) return false;
    }
  }
  return true;
}

/** A text that two layouts share exactly if they are equal. */
export function layoutKey(layout: Layout): string {
  return `${layout.offset}${digitsKey(layout)}`;
}

/** A text that two layouts share exactly if they have the same digits. */
function digitsKey({ axes }: Layout): string {
  let key = "";
  for (const digits of axes) {
    key += "|";
    for (const { length, stride } of digits) key += `${length}*${stride} `;
  }
  return key;
}

/** The position of every index of an axis relative to index 0, in elements. */
export function axisOffsets(digits: readonly Digit[]): Int32Array {
  return digits.reduce((outer: Int32Array, { length, stride }) => {
    const offsets = new Int32Array(outer.length * length);
    for (let i = 0; i < offsets.length; i++)
      offsets[i] = outer[Math.floor(i / length)] + (i % length) * stride;
    return offsets;
  }, Int32Array.of(0));
}

/** An axis of one digit; an axis of length 1 needs none. */
export function digit(length: number, stride: number): Digit[] {
  return length === 1 ? [] : [{ length, stride }];
}

/** The length of an axis with these digits. */
export function lengthOf(digits: readonly Digit[]): number {
  let product = 1;
  for (const { length } of digits) product *= length;
  return product;
}

/** Joins neighbouring digits that are equivalent to one digit. */
export function joined(digits: readonly Digit[]): Digit[] {
  const result: Digit[] = [];
  for (const inner of digits) {
    const outer = result.at(-1);
    if (outer?.stride === inner.length * inner.stride) {
      result[result.length - 1] = { length: outer.length * inner.length, stride: inner.stride };
    } else {
      result.push(inner);
    }
  }
  return result;
}
