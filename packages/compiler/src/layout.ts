import { sameShape, type Shape } from "@stargrad/graph";

/** A stretch of an axis that is walked with one stride, in elements. */
export interface Digit {
  readonly length: number;
  readonly stride: number;
}

/**
 * How the elements of a tensor stand in a buffer. Each axis is a list of digits, outermost first, like the digits of a
 * number: index 7 of an axis with digits of length 3 and 4 is digit 1, digit 3. An axis that was never reshaped has one
 * digit; joining axes joins their digits, so a reshape of a transposed tensor needs no copy.
 *
 * The element at (d₀, d₁, …) stands at `offset + Σ dᵢ · strideᵢ`.
 */
export interface Layout {
  readonly offset: number;
  readonly axes: readonly (readonly Digit[])[];
}

/** What `contiguous` returned last: nodes that are neighbours in a graph mostly have one shape. */
let latest: { readonly shape: Shape; readonly layout: Layout } = {
  shape: [],
  layout: { offset: 0, axes: [] },
};

/** Row-major, as a buffer of its own. */
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

/** Where the results stand, row-major, when elements of a shape are combined along some axes. */
export function combined(shape: Shape, axes: readonly number[]): Layout {
  const kept = contiguous(shape.map((length, axis) => (axes.includes(axis) ? 1 : length)));
  return expand(kept, shape);
}

export function shapeOf({ axes }: Layout): number[] {
  return axes.map(lengthOf);
}

/** How many elements there are. */
export function countOf({ axes }: Layout): number {
  let count = 1;
  for (const digits of axes) for (const { length } of digits) count *= length;
  return count;
}

export function permute({ offset, axes }: Layout, order: readonly number[]): Layout {
  return { offset, axes: order.map((axis) => axes[axis]) };
}

/** Axes of length 1 become longer by standing still, and so does what is there once new axes come first. */
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

/** A mixed-radix number counts backwards when each of its digits does. */
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

/** Every step-th element from start on each axis; `null` if an axis of several digits would have to be cut. */
export function slice(
  layout: Layout,
  starts: readonly number[],
  lengths: readonly number[],
  steps: readonly number[],
): Layout | null {
  const shape = shapeOf(layout);
  let offset = layout.offset;
  const axes: (readonly Digit[])[] = [];
  for (const [axis, digits] of layout.axes.entries()) {
    if (starts[axis] === 0 && steps[axis] === 1 && lengths[axis] === shape[axis]) {
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
export function windows(
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

/** The same elements in another shape; `null` if the new axes do not begin and end where digits can be cut. */
export function reshape(layout: Layout, shape: Shape): Layout | null {
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

/** Whether the elements stand row-major, one after the other, from the start of the buffer. */
export function isContiguous(layout: Layout): boolean {
  if (layout.offset !== 0) return false;
  let stride = 1;
  for (let axis = layout.axes.length - 1; axis >= 0; axis--) {
    const digits = layout.axes[axis];
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

/** Where in a buffer elements stand: from the first place to the last. */
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

/** Whether two layouts are walked by the same steps, from wherever they begin. */
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

/** A text that two layouts share exactly if they are the same. */
export function layoutKey(layout: Layout): string {
  return `${layout.offset}${digitsKey(layout)}`;
}

/** A text that two layouts share exactly if they are walked by the same steps. */
function digitsKey({ axes }: Layout): string {
  let key = "";
  for (const digits of axes) {
    key += "|";
    for (const { length, stride } of digits) key += `${length}*${stride} `;
  }
  return key;
}

/** Where every index of an axis stands, relative to index 0, in elements. */
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

/** How long an axis of these digits is. */
export function lengthOf(digits: readonly Digit[]): number {
  return digits.reduce((length, d) => length * d.length, 1);
}

/** Neighbouring digits that are really one. */
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
