import type { AttributesOf, Shape } from "@stargrad/graph";
import { greatestCommonDivisor } from "./divisors.js";
import type { ProductKernel, ProductOperand } from "./kernel.js";
import { contiguous, digit, joined, type Digit, type Layout } from "./layout.js";
import { digitsOf, kernelOf, locate, type ProductDigit } from "./product.js";

/** The part of an overlapping sum to compute, [outer…, spatial…]. */
export interface Part {
  readonly starts: readonly number[];
  readonly shape: Shape;
}

/** The kernels that compute the sum: a copy pads b with zeros, and products read windows of the padded b. */
export interface OverlappingProduct {
  /** The source and destination layouts of the copy of b into an array of shape `padded`. */
  readonly copy: { readonly shape: Shape; readonly from: Layout; readonly to: Layout };
  readonly padded: Shape;
  /** `padded` and `result`: the numbers of their buffers. */
  readonly products: (padded: number, result: number) => ProductKernel[];
  /** Whether the products do not write some elements of the result, which are 0. */
  readonly leavesZeros: boolean;
}

/**
 * Rewrites `fold` of a matrix product as products of windows. For example, the gradient of a convolution with respect to its input
 * becomes a convolution of the upstream gradient with the flipped filter.
 *
 *     x[st·p + d·t] += Σ_o a[t, o] · b[o, p]    becomes    x[y] = Σ_o Σ_t a[t, o] · b[o, (y − d·t) / st]
 *
 * The remainder of y modulo the stride determines which taps t contribute to y. So each class of indices y with equal remainders is a
 * separate product with the taps of that class, and only the borders are multiplied by zeros.
 *
 * `windows`: the layout of the operand of the sum, [outer…, positions…, taps…], in the product's result. Returns `null` if taps are
 * not rows of the product, or positions are not columns.
 */
export function overlappingProduct(
  product: ProductKernel,
  windows: Layout,
  attributes: Pick<AttributesOf<"fold">, "size" | "stride" | "dilation">,
  part: Part,
): OverlappingProduct | null {
  const rank = attributes.size.length;
  const found = windowedProductOf(product, windows, rank);
  if (found === null) return null;
  const axes = axesOf(found.positions, attributes, part);
  const copied = axes.map(({ first, last, positions }) => {
    const from = Math.max(0, first);
    return { from, count: Math.min(positions, last + 1) - from };
  });
  if (!copied.every(({ count }) => count > 0)) return null;
  const room = roomFor(product, found, axes);
  return {
    copy: copyOf(product, found, axes, copied, room),
    padded: room.shape,
    products: (buffer, target) =>
      combinations(axes.map(({ classes }) => classes)).map((chosen) =>
        productOf({ product, found, axes, room, part }, chosen, buffer, target),
      ),
    leavesZeros: axes.some(({ classes, length }) => {
      const covered = classes.reduce((sum, { count }) => sum + count, 0);
      return covered < length;
    }),
  };
}

/** A spatial axis: the classes of its indices, and the range of positions of b that they read, including positions outside b. */
interface Axis {
  readonly classes: readonly Class[];
  readonly first: number;
  readonly last: number;
  /** The number of positions of b along it. */
  readonly positions: number;
  /** The number of indices to compute. */
  readonly length: number;
}

function axesOf(
  positions: Parts["positions"],
  { size, stride, dilation }: Pick<AttributesOf<"fold">, "size" | "stride" | "dilation">,
  { starts, shape }: Part,
): Axis[] {
  const outerRank = shape.length - size.length;
  return positions.map((position, axis) => {
    const along = {
      taps: size[axis],
      stride: stride[axis],
      dilation: dilation[axis],
      positions: position?.length ?? 1,
      start: starts[outerRank + axis],
      length: shape[outerRank + axis],
    };
    return { ...divide(along), positions: along.positions, length: along.length };
  });
}

/** The array that holds b padded with zeros. */
interface Room {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** The digits of b that are not positions, with their strides in b. */
  readonly others: readonly { readonly length: number; readonly stride: number }[];
  /** The strides of the spatial axes. */
  readonly spatialStrides: readonly number[];
  /** The stride in this array of a digit of b. */
  readonly moved: (each: ProductDigit | Digit) => number;
}

/** The axes of b that are not positions come first, in their order in memory. Digits with stride 0 in b keep stride 0. */
function roomFor({ b }: ProductKernel, { outer }: Parts, axes: readonly Axis[]): Room {
  const across = outer.flat().filter(({ axis }) => axis !== "rows");
  const others = [
    ...across.map((each) => ({ each, length: each.length, stride: each.b })),
    ...b.rows.map((each) => ({ each, length: each.length, stride: each.stride })),
  ]
    .filter(({ stride }) => stride !== 0)
    .sort((x, y) => Math.abs(y.stride) - Math.abs(x.stride));
  const shape = [...others.map(({ length }) => length), ...axes.map(({ last, first }) => last - first + 1)];
  const strides = stridesOf(shape);
  const moved = new Map<unknown, number>(others.map(({ each }, i) => [each, strides[i]]));
  return {
    shape,
    strides,
    others,
    spatialStrides: strides.slice(others.length),
    moved: (each) => moved.get(each) ?? 0,
  };
}

/** The layouts that copy the positions of b that are read into the padded array. */
function copyOf(
  { b }: ProductKernel,
  { positions }: Parts,
  axes: readonly Axis[],
  copied: readonly { readonly from: number; readonly count: number }[],
  { others, strides, spatialStrides }: Room,
): OverlappingProduct["copy"] {
  const shape = [...others.map(({ length }) => length), ...copied.map(({ count }) => count)];
  const layoutOf = (offset: number, steps: readonly number[]): Layout => ({
    offset,
    axes: shape.map((length, axis) => digit(length, steps[axis])),
  });
  const positionStrides = positions.map((position) => position?.b ?? 0);
  const first = copied.map(({ from }) => from);
  const firstIndices = copied.map(({ from }, axis) => from - axes[axis].first);
  return {
    shape,
    from: layoutOf(b.offset + dot(first, positionStrides), [
      ...others.map(({ stride }) => stride),
      ...positionStrides,
    ]),
    to: layoutOf(dot(firstIndices, spatialStrides), strides),
  };
}

/** What all products of an overlapping sum have in common. */
interface Overlap {
  readonly product: ProductKernel;
  readonly found: Parts;
  readonly axes: readonly Axis[];
  readonly room: Room;
  readonly part: Part;
}

/** The product for one class of indices along each axis. */
function productOf(
  { product: { a, b, dtype }, found: { outer, taps }, axes, room, part }: Overlap,
  chosen: readonly Class[],
  buffer: number,
  target: number,
): ProductKernel {
  const { spatialStrides, moved } = room;
  const inResult = stridesOf(part.shape);
  const resultStrides = inResult.slice(outer.length);
  const tapStrides = taps.map((tap) => tap?.a ?? 0);
  const inA = along(outer, inResult, (each) => each.a);
  const inB = along(outer, inResult, moved);
  const inC = along(outer, inResult, (_, stride) => stride);
  const spatial = (digitsOf: (each: Class, axis: number) => Digit[]): Digit[] => chosen.flatMap(digitsOf);
  const offsetOf = (indexOf: (each: Class, axis: number) => number, strides: readonly number[]): number =>
    dot(chosen.map(indexOf), strides);
  const left: ProductOperand = {
    buffer: a.buffer,
    offset: a.offset + offsetOf(({ lastTap }) => lastTap, tapStrides),
    batch: inA("batch"),
    rows: inA("rows"),
    columns: joined([
      ...a.columns,
      ...spatial(({ taps, tapStep }, axis) => digit(taps, -tapStep * tapStrides[axis])),
    ]),
  };
  const right: ProductOperand = {
    buffer,
    offset: offsetOf((each, axis) => each.from - axes[axis].first, spatialStrides),
    batch: inB("batch"),
    rows: [
      ...b.rows.map((each) => ({ length: each.length, stride: moved(each) })),
      ...spatial(({ taps, distance }, axis) => digit(taps, distance * spatialStrides[axis])),
    ],
    columns: joined([...inB("columns"), ...spatial(({ count }, axis) => digit(count, spatialStrides[axis]))]),
  };
  const sum: ProductOperand = {
    buffer: target,
    offset: offsetOf(({ first }) => first, resultStrides),
    batch: inC("batch"),
    rows: inC("rows"),
    columns: joined([
      ...inC("columns"),
      ...spatial(({ count, step }, axis) => digit(count, step * resultStrides[axis])),
    ]),
  };
  return kernelOf(dtype, left, right, sum);
}

/** Returns the outer digits of an axis of the product, with the strides of an operand. */
function along(
  outer: Parts["outer"],
  inResult: readonly number[],
  strideOf: (digit: ProductDigit, inResult: number) => number,
): (axis: ProductDigit["axis"]) => Digit[] {
  return (axis) =>
    outer.flatMap((digits, i) =>
      digits.flatMap((each, j): Digit[] => {
        if (each.axis !== axis) return [];
        const inside = digits.slice(j + 1).reduce((span, { length }) => span * length, 1);
        return [{ length: each.length, stride: strideOf(each, inResult[i] * inside) }];
      }),
    );
}

/** The strides of a contiguous array; 0 along an axis of length 1. */
function stridesOf(shape: readonly number[]): number[] {
  return contiguous(shape).axes.map((digits) => digits.at(0)?.stride ?? 0);
}

/** The digits of the product for each axis of the windows: the outer axes, the positions, and the taps. */
interface Parts {
  readonly outer: readonly (readonly ProductDigit[])[];
  readonly positions: readonly (ProductDigit | undefined)[];
  readonly taps: readonly (ProductDigit | undefined)[];
}

/** Finds the axes of the windows in the product; `null` if taps are not rows of it, or positions are not columns. */
function windowedProductOf(product: ProductKernel, windows: Layout, rank: number): Parts | null {
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

/** The indices of an axis that read the same taps: `count` indices of the result, from `first` in steps of `step`. */
interface Class {
  readonly count: number;
  readonly first: number;
  readonly step: number;
  /** The number of taps, the step between them, and the last one, where windows start: they read taps in reverse order. */
  readonly taps: number;
  readonly tapStep: number;
  readonly lastTap: number;
  /** The position in b where the first window begins, and the distance between its taps there. */
  readonly from: number;
  readonly distance: number;
}

/**
 * Divides the indices of one axis into classes. `first` to `last` is the range of positions of b that they read, including
 * positions outside b.
 */
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
      count: last - first + 1,
      first: stride * first + tap * dilation - start,
      step: stride,
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
    last: Math.max(...classes.map(({ from, count, taps }) => from + count - 1 + (taps - 1) * distance)),
  };
}

/** The Cartesian product of some lists. */
function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce(
    (chosen: T[][], list) => chosen.flatMap((start) => list.map((each) => [...start, each])),
    [[]],
  );
}

function dot(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, value, i) => sum + value * y[i], 0);
}
