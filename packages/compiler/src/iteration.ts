import { type Shape } from "@stargrad/graph";
import type { Digit, Layout } from "./layout.js";

/**
 * How several layouts of one shape are walked together: digits that fit all of them, outermost first, and each layout's
 * stride for each digit.
 */
export interface Iteration {
  readonly lengths: readonly number[];
  /** By layout, then by digit. */
  readonly strides: readonly (readonly number[])[];
  /** Which axis of the shape each digit belongs to. */
  readonly axes: readonly number[];
}

/**
 * Finds digits that all layouts can be walked by. Neighbouring digits are joined where every layout allows it, so that a
 * loop over contiguous tensors is one loop; digits of different `groups` of axes are kept apart.
 *
 * Returns `null` if two layouts cut an axis in ways that have no common refinement.
 */
export function refine(
  shape: Shape,
  layouts: readonly Layout[],
  group: (axis: number) => number = () => 0,
): Iteration | null {
  const lengths: number[] = [];
  const axes: number[] = [];
  const strides = layouts.map((): number[] => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const rests = layouts.map((layout) => [...layout.axes[axis]]);
    // From the innermost digit outwards: the shortest that divides all others is next.
    const found: { length: number; strides: number[] }[] = [];
    for (let left = shape[axis]; left > 1;) {
      const lasts = rests.map((digits) => digits[digits.length - 1] as Digit | undefined);
      const length = Math.min(left, ...lasts.map((d) => d?.length ?? left));
      if (lasts.some((d) => (d?.length ?? left) % length !== 0)) return null;
      found.unshift({ length, strides: lasts.map((d) => d?.stride ?? 0) });
      rests.forEach((digits, i) => {
        const last = lasts[i];
        if (last === undefined) return;
        digits.pop();
        if (last.length > length) digits.push({ length: last.length / length, stride: last.stride * length });
      });
      left /= length;
    }
    for (const digit of found) {
      const outer = lengths.length - 1;
      const joins =
        outer >= 0 &&
        group(axes[outer]) === group(axis) &&
        digit.strides.every((stride, i) => strides[i][outer] === stride * digit.length);
      if (joins) {
        lengths[outer] *= digit.length;
        digit.strides.forEach((stride, i) => (strides[i][outer] = stride));
      } else {
        lengths.push(digit.length);
        axes.push(axis);
        digit.strides.forEach((stride, i) => strides[i].push(stride));
      }
    }
  }
  return { lengths, strides, axes };
}
