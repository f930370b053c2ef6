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
  const rank = attributes.size.length;
  const found = partsOf(product, windows, rank);
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
      const covered = classes.reduce((sum, { places }) => sum + places, 0);
      return covered < length;
    }),
  };
}

/** A spatial axis: its places by classes, and which positions of b they meet, also outside of b. */
interface Axis {
  readonly classes: readonly Class[];
  readonly first: number;
  readonly last: number;
  /** How many positions b has along it. */
  readonly positions: number;
  /** How many places are wanted. */
  readonly length: number;
}

function axesOf(
  positions: Parts["positions"],
  { size, stride, dilation }: Pick<AttributesOf<"overlapAdd">, "size" | "stride" | "dilation">,
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

/** The array in which b is laid out among zeros. */
interface Room {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** All of b that is no position: how often it is walked, and how far apart its elements are in b. */
  readonly others: readonly { readonly length: number; readonly stride: number }[];
  /** The strides of the spatial axes. */
  readonly placeStrides: readonly number[];
  /** How a digit of b is walked here. */
  readonly moved: (each: ProductDigit | Digit) => number;
}

/** All of b that is no position comes in the order in which it lies in memory; along what it stands still it goes on doing so. */
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
    placeStrides: strides.slice(others.length),
    moved: (each) => moved.get(each) ?? 0,
  };
}

/** How the positions of b that are met are copied into the room. */
function copyOf(
  { b }: ProductKernel,
  { positions }: Parts,
  axes: readonly Axis[],
  copied: readonly { readonly from: number; readonly count: number }[],
  { others, strides, placeStrides }: Room,
): OverlappingProduct["copy"] {
  const shape = [...others.map(({ length }) => length), ...copied.map(({ count }) => count)];
  const layoutOf = (offset: number, steps: readonly number[]): Layout => ({
    offset,
    axes: shape.map((length, axis) => digit(length, steps[axis])),
  });
  const positionStrides = positions.map((position) => position?.b ?? 0);
  const first = copied.map(({ from }) => from);
  const firstPlaces = copied.map(({ from }, axis) => from - axes[axis].first);
  return {
    shape,
    from: layoutOf(b.offset + dot(first, positionStrides), [
      ...others.map(({ stride }) => stride),
      ...positionStrides,
    ]),
    to: layoutOf(dot(firstPlaces, placeStrides), strides),
  };
}

/** What all products of an overlapping sum are made from. */
interface Overlap {
  readonly product: ProductKernel;
  readonly found: Parts;
  readonly axes: readonly Axis[];
  readonly room: Room;
  readonly part: Part;
}

/** The product of the places of one class along each axis. */
function productOf(
  { product: { a, b, dtype }, found: { outer, taps }, axes, room, part }: Overlap,
  chosen: readonly Class[],
  buffer: number,
  target: number,
): ProductKernel {
  const { placeStrides, moved } = room;
  const inResult = stridesOf(part.shape);
  const resultStrides = inResult.slice(outer.length);
  const tapStrides = taps.map((tap) => tap?.a ?? 0);
  const inA = along(outer, inResult, (each) => each.a);
  const inB = along(outer, inResult, moved);
  const inC = along(outer, inResult, (_, stride) => stride);
  const spatial = (digitsOf: (each: Class, axis: number) => Digit[]): Digit[] => chosen.flatMap(digitsOf);
  const from = (placeOf: (each: Class, axis: number) => number, strides: readonly number[]): number =>
    dot(chosen.map(placeOf), strides);
  const left: ProductOperand = {
    buffer: a.buffer,
    offset: a.offset + from(({ lastTap }) => lastTap, tapStrides),
    batch: inA("batch"),
    rows: inA("rows"),
    columns: joined([
      ...a.columns,
      ...spatial(({ taps, tapStep }, axis) => digit(taps, -tapStep * tapStrides[axis])),
    ]),
  };
  const right: ProductOperand = {
    buffer,
    offset: from((each, axis) => each.from - axes[axis].first, placeStrides),
    batch: inB("batch"),
    rows: [
      ...b.rows.map((each) => ({ length: each.length, stride: moved(each) })),
      ...spatial(({ taps, distance }, axis) => digit(taps, distance * placeStrides[axis])),
    ],
    columns: joined([...inB("columns"), ...spatial(({ places }, axis) => digit(places, placeStrides[axis]))]),
  };
  const sum: ProductOperand = {
    buffer: target,
    offset: from(({ place }) => place, resultStrides),
    batch: inC("batch"),
    rows: inC("rows"),
    columns: joined([
      ...inC("columns"),
      ...spatial(({ places, apart }, axis) => digit(places, apart * resultStrides[axis])),
    ]),
  };
  return kernelOf(dtype, left, right, sum);
}

/** The outer digits that belong to an axis of the product, with the strides of an operand. */
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

/** Where in the product the axes of the windows are: those that are not windowed, positions, and taps. */
interface Parts {
  readonly outer: readonly (readonly ProductDigit[])[];
  readonly positions: readonly (ProductDigit | undefined)[];
  readonly taps: readonly (ProductDigit | undefined)[];
}

/** Finds the axes of the windows in the product; `null` if taps are not rows of it, or positions not columns. */
function partsOf(product: ProductKernel, windows: Layout, rank: number): Parts | null {
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
