import { type Shape } from "@stargrad/graph";
import { sameDigits, type Digit, type Layout } from "./layout.js";
import type { Tiles } from "./target.js";

/**
 * A loop nest that traverses several layouts of one shape together: digits common to all of them, outermost first, and each
 * layout's stride for each digit.
 */
export interface Iteration {
  readonly lengths: readonly number[];
  /** By layout, then by digit. */
  readonly strides: readonly (readonly number[])[];
  /** The axis of the shape that each digit belongs to. */
  readonly axes: readonly number[];
}

/**
 * Finds digits with which all layouts can be traversed. Joins neighbouring digits where every layout allows it, so that a loop
 * over contiguous tensors is one loop. Does not join digits of axes for which `group` differs.
 *
 * Returns `null` if two layouts divide an axis in ways that have no common refinement.
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
    const digits = layouts.map((layout) => layout.axes[axis]);
    const found = commonDigits(shape[axis], digits);
    if (found === null) return null;
    for (const digit of found) {
      const outer = lengths.length - 1;
      if (outer >= 0 && group(axes[outer]) === group(axis) && continues(digit, strides, outer)) {
        lengths[outer] *= digit.length;
        for (let i = 0; i < strides.length; i++) strides[i][outer] = digit.strides[i];
      } else {
        lengths.push(digit.length);
        axes.push(axis);
        for (let i = 0; i < strides.length; i++) strides[i].push(digit.strides[i]);
      }
    }
  }
  return { lengths, strides, axes };
}

interface CommonDigit {
  readonly length: number;
  /** By layout. */
  readonly strides: readonly number[];
}

/** Whether in every layout the outer digit and the next inner one can be joined to one digit. */
function continues(
  { length, strides }: CommonDigit,
  known: readonly (readonly number[])[],
  outer: number,
): boolean {
  for (let i = 0; i < strides.length; i++) if (known[i][outer] !== strides[i] * length) return false;
  return true;
}

/** The digits of one axis that are common to all layouts, outermost first; `null` if there are none. */
function commonDigits(
  axisLength: number,
  layouts: readonly (readonly Digit[])[],
): readonly CommonDigit[] | null {
  if (axisLength === 1) return [];
  // Fast path: most axes have one digit, because they were not reshaped.
  return singleDigit(axisLength, layouts) ?? refineAxis(axisLength, layouts);
}

/** The single digit of an axis if every layout has one stride along it; `null` otherwise. */
function singleDigit(length: number, layouts: readonly (readonly Digit[])[]): readonly CommonDigit[] | null {
  const strides: number[] = [];
  for (const digits of layouts) {
    if (digits.length === 0) strides.push(0);
    else if (digits[0].length === length) strides.push(digits[0].stride);
    else return null;
  }
  return [{ length, strides }];
}

function refineAxis(axisLength: number, layouts: readonly (readonly Digit[])[]): CommonDigit[] | null {
  const rests = layouts.map((digits) => [...digits]);
  // From the innermost digit outwards. The next digit is the shortest one, which must divide all others.
  const found: CommonDigit[] = [];
  for (let left = axisLength; left > 1;) {
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
  return found;
}

/** Whether there are digits with which all layouts can be traversed. */
export function canWalkTogether(shape: Shape, layouts: readonly Layout[]): boolean {
  // Fast paths: usually no axis was reshaped, or the layouts differ only in their offset.
  const [first] = layouts;
  return (
    layouts.every(isPlain) ||
    layouts.every((layout) => sameDigits(layout, first)) ||
    refine(shape, layouts) !== null
  );
}

/** Whether every axis has at most one digit. */
function isPlain({ axes }: Layout): boolean {
  for (const digits of axes) if (digits.length > 1) return false;
  return true;
}

/**
 * The same iteration in tiles, if the innermost loop traverses an operand with a stride while an outer digit is contiguous in
 * memory. With tiles, all elements of a cache line are used before the line is evicted. Only for loops whose order does not
 * matter.
 */
export function tiled(iteration: Iteration, tiles: Tiles): Iteration {
  const { lengths, strides, axes } = iteration;
  const last = lengths.length - 1;
  const across = strides
    .filter((stride) => stride[last] > 1 || stride[last] < 0)
    .map((stride) => stride.findIndex((step, digit) => digit < last && Math.abs(step) === 1))
    .find((digit) => digit >= 0);
  if (across === undefined || lengths[across] * lengths[last] < tiles.leastSize) return iteration;
  const [elements, lines] = [
    largestDivisor(lengths[across], tiles.elements),
    largestDivisor(lengths[last], tiles.lines),
  ];
  if (elements < tiles.leastSide || lines < tiles.leastSide) return iteration;
  // The outer loops go over all digits, the two tiled ones in steps of a tile; the two inner loops go over one tile.
  const sides = new Map([
    [across, elements],
    [last, lines],
  ]);
  const order = [...lengths.keys(), across, last];
  const cut = (
    digits: readonly number[],
    outer: (value: number, side: number) => number,
    inner: readonly number[],
  ) =>
    order.map((digit, i) => (i > last ? inner[i - last - 1] : outer(digits[digit], sides.get(digit) ?? 1)));
  return {
    lengths: cut(lengths, (length, side) => length / side, [elements, lines]),
    strides: strides.map((stride) =>
      cut(stride, (step, side) => step * side, [stride[across], stride[last]]),
    ),
    axes: order.map((digit) => axes[digit]),
  };
}

function largestDivisor(n: number, most: number): number {
  for (let i = Math.min(n, most); i > 1; i--) if (n % i === 0) return i;
  return 1;
}
