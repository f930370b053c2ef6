import type { AttributesOf, Shape } from "@stargrad/graph";
import type { ProductKernel, ProductOperand } from "./kernel.js";
import { contiguous, digit, joined, type Digit, type Layout } from "./layout.js";
import { digitsOf, kernelOf, locate, type ProductDigit } from "./product.js";

/** The part of an overlapping sum that is wanted, [outer…, spatial…]. */
export interface Part {
  readonly starts: readonly number[];
  readonly shape: Shape;
}

/** How the sum is computed: b is laid out among zeros, and products read it there through windows. */
export interface OverlappingProduct {
  /** How b is copied, and where to in an array of the shape `padded`. */
  readonly copy: { readonly shape: Shape; readonly from: Layout; readonly to: Layout };
  readonly padded: Shape;
  /** Takes the number of the padded buffer and of the result's. */
  readonly products: (padded: number, result: number) => ProductKernel[];
  /** Whether the products leave elements of the result alone, which are 0 then. */
  readonly leavesZeros: boolean;
}

/**
 * Turns the overlapping sum of windows that are a product into products of windows: the gradient of a convolution by its
 * input becomes a convolution of the upstream gradient with the flipped filter.
 *
 *     x[st·p + d·t] += Σ_o a[t, o] · b[o, p]    becomes    x[y] = Σ_o Σ_t a[t, o] · b[o, (y − d·t) / st]
 *
 * Places y that leave different remainders by the stride meet different taps t, so each class of places is a product of its own with
 * the taps that it meets, and nothing is multiplied by zeros but at the borders.
 *
 * `windows` says how the operand of the sum, [outer…, positions…, taps…], lies in the product's result. Returns `null` where taps
 * are not rows of the product, or positions not columns.
 */
export function overlappingProduct(
  product: ProductKernel,
  windows: Layout,
  attributes: Pick<AttributesOf<"overlapAdd">, "size" | "stride" | "dilation">,
  part: Part,
): OverlappingProduct | null {
  const { a, b, dtype } = product;
  const rank = attributes.size.length;
  const found = partsOf(product, windows, rank);
  if (found === null) return null;
  const { outer, positions, taps } = found;
  const outerRank = outer.length;
  const axes = positions.map((position, axis) =>
    divide({
      taps: attributes.size[axis],
      stride: attributes.stride[axis],
      dilation: attributes.dilation[axis],
      positions: position?.length ?? 1,
      start: part.starts[outerRank + axis],
      length: part.shape[outerRank + axis],
    }),
  );

  const copied = axes.map(({ first, last }, axis) => {
    const from = Math.max(0, first);
    return { from, count: Math.min(positions[axis]?.length ?? 1, last + 1) - from };
  });
  if (!copied.every(({ count }) => count > 0)) return null;

  // All of b that is no position, in the order in which it lies in memory; along what it stands still it goes on doing so.
  const across = outer.flat().filter(({ axis }) => axis !== "rows");
  const others = [
    ...across.map((each) => ({ each, length: each.length, stride: each.b })),
    ...b.rows.map((each) => ({ each, length: each.length, stride: each.stride })),
  ]
    .filter(({ stride }) => stride !== 0)
    .sort((x, y) => Math.abs(y.stride) - Math.abs(x.stride));
  const padded = [...others.map(({ length }) => length), ...axes.map(({ last, first }) => last - first + 1)];
  const strides = contiguous(padded).axes.map((digits) => digits.at(0)?.stride ?? 0);
  const placeStrides = strides.slice(others.length);
  const movedStrides = new Map<unknown, number>(others.map(({ each }, i) => [each, strides[i]]));
  /** How a digit of b is walked in the padded array. */
  const moved = (each: ProductDigit | Digit): number => movedStrides.get(each) ?? 0;
  const shape = [...others.map(({ length }) => length), ...copied.map(({ count }) => count)];
  const layoutOf = (offset: number, steps: readonly number[]): Layout => ({
    offset,
    axes: shape.map((length, axis) => digit(length, steps[axis])),
  });
  const positionStrides = positions.map((position) => position?.b ?? 0);
  const copy = {
    shape,
    from: layoutOf(
      b.offset +
        dot(
          copied.map(({ from }) => from),
          positionStrides,
        ),
      [...others.map(({ stride }) => stride), ...positionStrides],
    ),
    to: layoutOf(
      dot(
        copied.map(({ from }, axis) => from - axes[axis].first),
        placeStrides,
      ),
      strides,
    ),
  };

  const result = contiguous(part.shape).axes.map((digits) => digits.at(0)?.stride ?? 0);
  const resultStrides = result.slice(outerRank);
  const tapStrides = taps.map((tap) => tap?.a ?? 0);
  const along = (axis: ProductDigit["axis"], strideOf: (digit: ProductDigit, inResult: number) => number) =>
    outer.flatMap((digits, i) =>
      digits.flatMap((each, j): Digit[] => {
        const inside = digits.slice(j + 1).reduce((span, { length }) => span * length, 1);
        return each.axis === axis
          ? [{ length: each.length, stride: strideOf(each, result[i] * inside) }]
          : [];
      }),
    );
  const inA = (each: ProductDigit): number => each.a;
  const inB = (each: ProductDigit): number => moved(each);
  const inC = (_: ProductDigit, stride: number): number => stride;
  const productOf = (chosen: readonly Class[], buffer: number, target: number): ProductKernel => {
    const left: ProductOperand = {
      buffer: a.buffer,
      offset:
        a.offset +
        dot(
          chosen.map(({ lastTap }) => lastTap),
          tapStrides,
        ),
      batch: along("batch", inA),
      rows: along("rows", inA),
      columns: joined([
        ...a.columns,
        ...chosen.flatMap(({ taps: count, tapStep }, axis) => digit(count, -tapStep * tapStrides[axis])),
      ]),
    };
    const right: ProductOperand = {
      buffer,
      offset: dot(
        chosen.map(({ from }, axis) => from - axes[axis].first),
        placeStrides,
      ),
      batch: along("batch", inB),
      rows: [
        ...b.rows.map((each) => ({ length: each.length, stride: moved(each) })),
        ...chosen.flatMap(({ taps: count, distance }, axis) => digit(count, distance * placeStrides[axis])),
      ],
      columns: joined([
        ...along("columns", inB),
        ...chosen.flatMap(({ places }, axis) => digit(places, placeStrides[axis])),
      ]),
    };
    const sum: ProductOperand = {
      buffer: target,
      offset: dot(
        chosen.map(({ place }) => place),
        resultStrides,
      ),
      batch: along("batch", inC),
      rows: along("rows", inC),
      columns: joined([
        ...along("columns", inC),
        ...chosen.flatMap(({ places, apart }, axis) => digit(places, apart * resultStrides[axis])),
      ]),
    };
    return kernelOf(dtype, left, right, sum);
  };
  return {
    copy,
    padded,
    products: (buffer, target) =>
      combinations(axes.map(({ classes }) => classes)).map((chosen) => productOf(chosen, buffer, target)),
    leavesZeros: axes.some(({ classes }, axis) => {
      const covered = classes.reduce((sum, { places }) => sum + places, 0);
      return covered < part.shape[outerRank + axis];
    }),
  };
}

/** Where in the product the axes of the windows are. */
function partsOf(product: ProductKernel, windows: Layout, rank: number) {
  const digits = digitsOf(product);
  if (digits === null || windows.offset !== 0) return null;
  const located: ProductDigit[][] = [];
  for (const axis of windows.axes) {
    const parts = axis.map((each) => locate(digits, each));
    if (parts.includes(null)) return null;
    located.push(parts.flatMap((part) => part ?? []));
  }
  const outer = located.slice(0, -2 * rank);
  const positions = located.slice(-2 * rank, -rank);
  const taps = located.slice(-rank);
  const single = (parts: readonly ProductDigit[], axis: ProductDigit["axis"]): boolean =>
    parts.length === 0 || (parts.length === 1 && parts[0].axis === axis);
  if (!positions.every((parts) => single(parts, "columns"))) return null;
  if (!taps.every((parts) => single(parts, "rows"))) return null;
  return {
    outer,
    positions: positions.map((parts) => parts.at(0)),
    taps: taps.map((parts) => parts.at(0)),
  };
}

/** Places of an axis that meet the same taps: every `apart`-th of the result from `place` on. */
interface Class {
  readonly places: number;
  readonly place: number;
  readonly apart: number;
  /** How many taps it meets, every `tapStep`-th, and the last of them: windows meet them backwards. */
  readonly taps: number;
  readonly tapStep: number;
  readonly lastTap: number;
  /** Where in b its first window begins, and how far its taps lie apart there. */
  readonly from: number;
  readonly distance: number;
}

/** Divides the places of one axis into classes. `first` to `last` are the positions of b that they meet, also those outside b. */
function divide(axis: {
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly positions: number;
  readonly start: number;
  readonly length: number;
}): { classes: Class[]; first: number; last: number } {
  const { stride, dilation, positions, start, length } = axis;
  const common = greatestCommonDivisor(stride, dilation);
  const [tapStep, distance] = [stride / common, dilation / common];
  const classes: Class[] = [];
  for (let tap = 0; tap < Math.min(axis.taps, tapStep); tap++) {
    const taps = Math.ceil((axis.taps - tap) / tapStep);
    const reach = (taps - 1) * distance;
    const first = Math.max(0, Math.ceil((start - tap * dilation) / stride));
    const last = Math.min(positions - 1 + reach, Math.floor((start + length - 1 - tap * dilation) / stride));
    if (last < first) continue;
    classes.push({
      places: last - first + 1,
      place: stride * first + tap * dilation - start,
      apart: stride,
      taps,
      tapStep,
      lastTap: tap + (taps - 1) * tapStep,
      from: first - reach,
      distance,
    });
  }
  return {
    classes,
    first: Math.min(...classes.map(({ from }) => from)),
    last: Math.max(...classes.map(({ from, places, taps }) => from + places - 1 + (taps - 1) * distance)),
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** One of each list, in every way. */
function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce(
    (chosen: T[][], list) => chosen.flatMap((start) => list.map((each) => [...start, each])),
    [[]],
  );
}

function dot(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, value, i) => sum + value * y[i], 0);
}
