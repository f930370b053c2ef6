import {
  ArgumentError,
  formatShape,
  IndexError,
  sameShape,
  ShapeError,
  sizeOf,
  type Shape,
} from "@stargrad/graph";
import { expectValues, listOf, normalizeAxes, normalizeAxis, number } from "@stargrad/graph/internal";
import type {
  AxesOf,
  AxisOption,
  Flattened,
  FlattenProblem,
  PermutationOf,
  Permuted,
  ReplacedAxes,
  Squeezed,
  Transposed,
  Unsqueezed,
} from "../axis-types.js";
import { broadcastTo, commonType } from "../operands.js";
import type { Reshaped, ReshapeOf, ShapeLiteral, Unless } from "../shape-types.js";
import { given, input, list, numberOrList, operation, tensors } from "../operation.js";
import { apply, type Tensor } from "../tensor.js";

/**
 * The same elements, in row-major order, in another shape. One axis may be −1: its length is inferred.
 *
 * Throws: ShapeError if the number of elements differs
 * Source: torch.reshape; numpy.reshape
 */
export const reshape = operation("reshape", [input, list], (x: Tensor, shape: Shape) => {
  const known = sizeOf(shape.filter((length) => length !== -1));
  const guessed = shape.map((length) => (length === -1 ? x.size / known : length));
  const ambiguous = shape.filter((length) => length === -1).length > 1 || (shape.includes(-1) && known === 0);
  if (ambiguous || !guessed.every(Number.isInteger)) {
    throw new ShapeError(
      "reshape",
      `${formatShape(x.shape)} has ${x.size} elements; ${formatShape(shape)} does not divide them`,
      ambiguous ? "At most one axis can be −1, and then no other axis can be 0" : undefined,
    );
  }
  return apply("reshape", [x], { shape: guessed });
}) as <X extends Tensor, const T extends ShapeLiteral>(
  x: X,
  shape: ReshapeOf<X["shape"], T>,
) => Tensor<Reshaped<T>>;

/** The first and the last axis to join; negative axes count from the end. */
export interface FlattenOptions<Start extends number = number, End extends number = number> {
  readonly startAxis?: Start;
  readonly endAxis?: End;
}

/** Joins the axes from `startAxis` to `endAxis` into one. Defaults: all axes. Source: torch.flatten */
export const flatten = operation(
  "flatten",
  [input, ["startAxis", "endAxis"]],
  (x: Tensor, { startAxis = 0, endAxis = -1 }: FlattenOptions) => {
    if (x.ndim === 0) return reshape(x, [1]);
    const start = normalizeAxis("flatten", startAxis, x.ndim);
    const end = normalizeAxis("flatten", endAxis, x.ndim);
    if (end < start) throw new ShapeError("flatten", `got startAxis ${startAxis} after endAxis ${endAxis}`);
    const joined = sizeOf(x.shape.slice(start, end + 1));
    return reshape(x, [...x.shape.slice(0, start), joined, ...x.shape.slice(end + 1)]);
  },
) as <X extends Tensor, Start extends number = 0, End extends number = -1>(
  x: X,
  options?: Unless<FlattenProblem<X["shape"], Start, End>, FlattenOptions<Start, End>>,
) => Tensor<Flattened<X["shape"], Start, End>>;

/** Permutes the axes: axis i of the result is axis `axes[i]` of x. Source: torch.permute; numpy.transpose */
export const permute = operation("permute", [input, list], (x: Tensor, axes: readonly number[]) => {
  return apply("permute", [x], { axes: axes.map((axis) => normalizeAxis("permute", axis, x.ndim)) });
}) as <X extends Tensor, const A extends ShapeLiteral>(
  x: X,
  axes: PermutationOf<X["shape"], A>,
) => Tensor<Permuted<X["shape"], A>>;

/** Exchanges two axes. Defaults: the last two. Source: torch.transpose; numpy.swapaxes */
export const transpose = operation(
  "transpose",
  [input, "axis", "axis"],
  (x: Tensor, a: number | undefined = -2, b: number | undefined = -1) => {
    const first = normalizeAxis("transpose", a, x.ndim);
    const second = normalizeAxis("transpose", b, x.ndim);
    const axes = x.shape.map((_, axis) => (axis === first ? second : axis === second ? first : axis));
    return apply("permute", [x], { axes });
  },
) as <X extends Tensor, A extends number = -2, B extends number = -1>(
  x: X,
  a?: AxesOf<X["shape"], A>,
  b?: AxesOf<X["shape"], B>,
) => Tensor<Transposed<X["shape"], A, B>>;

/**
 * Broadcasts x to a shape: adds leading axes and repeats along axes of length 1, without copying. −1 keeps the length of an axis.
 *
 * Throws: ShapeError if an axis of another length than 1 would have to change
 * Source: torch.Tensor.expand; numpy.broadcast_to
 */
export const expand = operation("expand", [input, list], (x: Tensor, shape: Shape) => {
  const target = shape.map((length, axis) =>
    length === -1 ? x.shape[axis - shape.length + x.ndim] : length,
  );
  const fits = x.shape.every((length, i) => {
    const wanted = target[i + target.length - x.ndim];
    return length === wanted || length === 1;
  });
  if (!fits || x.ndim > target.length) {
    throw new ShapeError(
      "expand",
      `${formatShape(x.shape)} cannot become ${formatShape(shape)}; only new axes in front and axes of length 1 can change`,
    );
  }
  return broadcastTo(x, target);
}) as <const S extends ShapeLiteral>(x: Tensor, shape: S) => Tensor<Reshaped<S>>;

/** Removes axes of length 1: the given ones, or all. Throws: ShapeError if a given axis is longer. See also: torch.squeeze */
export const squeeze = operation(
  "squeeze",
  [input, numberOrList],
  (x: Tensor, axis?: number | readonly number[]) => {
    const axes = normalizeAxes("squeeze", axis, x.ndim).filter((i) => axis !== undefined || x.shape[i] === 1);
    const long = axes.find((i) => x.shape[i] !== 1);
    if (long !== undefined) {
      throw new ShapeError(
        "squeeze",
        `axis ${long} of ${formatShape(x.shape)} has length ${x.shape[long]}; expected 1`,
      );
    }
    return reshape(
      x,
      x.shape.filter((_, i) => !axes.includes(i)),
    );
  },
) as <X extends Tensor, const A extends number | ShapeLiteral = never>(
  x: X,
  ...axis: [] | [axis: AxesOf<X["shape"], A>]
) => Tensor<Squeezed<X["shape"], A>>;

/** Inserts an axis of length 1, which is axis `axis` of the result. Source: torch.unsqueeze; numpy.expand_dims */
export const unsqueeze = operation("unsqueeze", [input, "axis"], (x: Tensor, axis: number) => {
  const normalized = normalizeAxis("unsqueeze", axis, x.ndim + 1);
  return reshape(x, [...x.shape.slice(0, normalized), 1, ...x.shape.slice(normalized)]);
}) as <X extends Tensor, A extends number>(
  x: X,
  axis: AxesOf<[...X["shape"], 1], A>,
) => Tensor<Unsqueezed<X["shape"], A>>;

/** Start, stop (exclusive) and step, as in Python: negative indices count from the end, null means an open end. */
export type Range = readonly [start?: number | null, stop?: number | null, step?: number];

const numbersKind = /* @__PURE__ */ listOf(number);
const rangesKind = /* @__PURE__ */ listOf([
  "[start, stop, step], or null for a whole axis",
  (range) => range === null || range === undefined || isRange(range),
]);

function isRange(value: unknown): boolean {
  const isPart = (part: unknown): boolean => part === null || part === undefined || number[1](part);
  return Array.isArray(value) && value.length <= 3 && value.every(isPart);
}

/**
 * A part of x, given by one range per axis, as slices in Python. `null` selects a whole axis, and so do missing ranges.
 * `slice(x, [null, [0, 2], [null, null, -1]])` is Python's `x[:, 0:2, ::-1]`.
 *
 * Throws: ShapeError for more ranges than axes; ArgumentError for a step of 0
 */
export const slice = operation(
  "slice",
  [input, given],
  (x: Tensor, ranges: readonly (Range | null)[]): Tensor => {
    expectValues("slice", { ranges }, rangesKind);
    if (ranges.length > x.ndim) {
      throw new ShapeError("slice", `got ${ranges.length} ranges for the shape ${formatShape(x.shape)}`);
    }
    const parts = x.shape.map((length, axis) => resolveRange(ranges[axis] ?? [], length));
    const forward = apply("slice", [x], {
      starts: parts.map(({ start }) => start),
      lengths: parts.map(({ length }) => length),
      steps: parts.map(({ step }) => step),
    });
    const backward = parts.flatMap(({ reversed }, axis) => (reversed ? [axis] : []));
    return backward.length === 0 ? forward : flip(forward, backward);
  },
);

/** `length` elements of one axis, from `start`. Throws: IndexError if the range exceeds the axis. Source: torch.narrow */
export const narrow = operation(
  "narrow",
  [input, "axis", "start", "length"],
  (x: Tensor, axis: number, start: number, length: number) => {
    const normalized = normalizeAxis("narrow", axis, x.ndim);
    const size = x.shape[normalized];
    const first = start < 0 ? start + size : start;
    const whole = Number.isInteger(first) && Number.isInteger(length);
    if (!whole || first < 0 || length < 0 || first + length > size) {
      throw new IndexError("narrow", `got ${length} elements from ${start} for an axis of length ${size}`);
    }
    return apply("slice", [x], {
      starts: x.shape.map((_, i) => (i === normalized ? first : 0)),
      lengths: x.shape.map((whole, i) => (i === normalized ? length : whole)),
      steps: x.shape.map(() => 1),
    });
  },
) as <X extends Tensor, A extends number, L extends number>(
  x: X,
  axis: AxesOf<X["shape"], A>,
  start: number,
  length: L,
) => Tensor<ReplacedAxes<X["shape"], A, [L]>>;

/**
 * The slice of x at one index of an axis, which is removed: `x[:, index]` in NumPy.
 *
 * Throws: IndexError if the index is out of range
 * Source: torch.select
 */
export const select = operation(
  "select",
  [input, "axis", "index"],
  (x: Tensor, axis: number, index: number) => {
    const size = x.shape[normalizeAxis("select", axis, x.ndim)];
    if (!Number.isInteger(index) || index < -size || index >= size) {
      throw new IndexError("select", `got the index ${index} for an axis of length ${size}`);
    }
    return squeeze(narrow(x, axis, index, 1), axis);
  },
) as <X extends Tensor, A extends number>(
  x: X,
  axis: AxesOf<X["shape"], A>,
  index: number,
) => Tensor<ReplacedAxes<X["shape"], A, []>>;

/** Reverses the order of elements along axes (default: all). Source: numpy.flip */
export const flip = operation(
  "flip",
  [input, numberOrList],
  (x: Tensor, axes?: number | readonly number[]) => {
    return apply("flip", [x], { axes: normalizeAxes("flip", axes, x.ndim) });
  },
) as <S extends Shape>(x: Tensor<S>, axes?: number | readonly number[]) => Tensor<S>;

/** The number of elements to add before and after each axis. */
export type Amounts = readonly (readonly [before: number, after: number])[];

const amountsKind = /* @__PURE__ */ listOf([
  "[before, after]",
  (pair) => numbersKind[1](pair) && (pair as unknown[]).length === 2,
]);

/** Adds `before` and `after` elements around each axis. Defaults: value 0. Source: numpy.pad */
export const pad = operation(
  "pad",
  [input, given, ["value"]],
  (x: Tensor, amounts: Amounts, options: { readonly value?: number }) => {
    expectValues("pad", { amounts }, amountsKind);
    if (amounts.length !== x.ndim) {
      throw new ShapeError(
        "pad",
        `got ${amounts.length} pairs for the shape ${formatShape(x.shape)}; expected one per axis`,
      );
    }
    return apply("pad", [x], {
      before: amounts.map(([before]) => before),
      after: amounts.map(([, after]) => after),
      between: amounts.map(() => 0),
      value: options.value ?? 0,
    });
  },
) as (x: Tensor, amounts: Amounts, options?: { readonly value?: number }) => Tensor;

/** Concatenates tensors along an existing axis. Defaults: axis 0. Source: torch.cat; numpy.concatenate */
export const concat = /* @__PURE__ */ operation(
  "concat",
  [tensors, ["axis"]],
  (tensors: readonly Tensor[], { axis = 0 }: AxisOption) => {
    if (tensors.length === 0) throw new ArgumentError("concat", "got no tensors; expected at least one");
    return apply("concat", commonType(tensors), { axis: normalizeAxis("concat", axis, tensors[0].ndim) });
  },
) as (tensors: readonly Tensor[], options?: AxisOption | number) => Tensor;

/** Joins tensors of one shape along a new axis. Defaults: axis 0. Source: torch.stack; numpy.stack */
export const stack = /* @__PURE__ */ operation(
  "stack",
  [tensors, ["axis"]],
  (tensors: readonly Tensor[], { axis = 0 }: AxisOption) => {
    if (tensors.length === 0) throw new ArgumentError("stack", "got no tensors; expected at least one");
    if (!tensors.every(({ shape }) => sameShape(shape, tensors[0].shape))) {
      const got = tensors.map(({ shape }) => formatShape(shape)).join(", ");
      throw new ShapeError("stack", `got ${got}; expected one shape`);
    }
    const { shape } = tensors[0];
    const normalized = normalizeAxis("stack", axis, shape.length + 1);
    if (normalized === shape.length) {
      const columns = tensors.map((x) => unsqueeze(x, normalized));
      return concat(columns, { axis: normalized });
    }
    // Concatenating along the axis that follows the new one gives the final memory order: one operation, then a reshape.
    return reshape(concat(tensors, { axis: normalized }), shape.toSpliced(normalized, 0, tensors.length));
  },
) as (tensors: readonly Tensor[], options?: AxisOption | number) => Tensor;

/**
 * Splits an axis into pieces of one size (the last may be shorter) or of the given sizes. Defaults: axis 0.
 *
 * Throws: ShapeError if the given sizes do not add up to the length of the axis
 * Source: torch.split
 */
export const split = operation(
  "split",
  [input, numberOrList, ["axis"]],
  (x: Tensor, sizes: number | readonly number[], { axis = 0 }: AxisOption) => {
    const length = x.shape[normalizeAxis("split", axis, x.ndim)];
    const list = typeof sizes === "number" ? evenPieces(length, sizes) : sizes;
    const whole = list.every((size) => Number.isInteger(size) && size >= 0);
    if (!whole || list.reduce((total, size) => total + size, 0) !== length) {
      throw new ShapeError("split", `got the sizes ${formatShape(list)} for an axis of length ${length}`);
    }
    let start = 0;
    return list.map((size) => narrow(x, axis, (start += size) - size, size));
  },
) as (x: Tensor, sizes: number | readonly number[], options?: AxisOption | number) => Tensor[];

/**
 * Repeats the whole tensor `counts[i]` times along axis i; further counts add leading axes.
 *
 * Source: torch.Tensor.repeat; numpy.tile
 */
export const repeat = operation("repeat", [input, list], (x: Tensor, counts: readonly number[]): Tensor => {
  if (counts.length < x.ndim || !counts.every((count) => Number.isInteger(count) && count >= 0)) {
    throw new ShapeError(
      "repeat",
      `got the counts ${formatShape(counts)} for the shape ${formatShape(x.shape)}; expected a whole number for each axis`,
    );
  }
  const shape = [...new Array<number>(counts.length - x.ndim).fill(1), ...x.shape];
  const interleaved = reshape(
    x,
    shape.flatMap((length) => [1, length]),
  );
  const repeated = expand(
    interleaved,
    shape.flatMap((length, axis) => [counts[axis], length]),
  );
  return reshape(
    repeated,
    shape.map((length, axis) => length * counts[axis]),
  );
});

/** Shifts the elements along an axis (default: the last), cyclically. Source: torch.roll; numpy.roll */
export const roll = operation(
  "roll",
  [input, "shift", ["axis"]],
  (x: Tensor, shift: number, { axis = -1 }: AxisOption) => {
    const normalized = normalizeAxis("roll", axis, x.ndim);
    if (!Number.isInteger(shift)) {
      throw new ArgumentError("roll", `got the shift ${shift}; expected a whole number`);
    }
    const length = x.shape[normalized];
    if (length === 0) return x;
    const cut = ((-shift % length) + length) % length || 0;
    return concat([narrow(x, normalized, cut, length - cut), narrow(x, normalized, 0, cut)], {
      axis: normalized,
    });
  },
) as (x: Tensor, shift: number, options?: AxisOption | number) => Tensor;

/** Size, stride and dilation of windows on the last axes: one number for all axes, or one for each. */
export interface WindowOptions {
  readonly size: readonly number[];
  readonly stride?: number | readonly number[];
  readonly dilation?: number | readonly number[];
}

/**
 * All sliding windows of the last axes, as a view: the operands of convolution and pooling.
 *
 * Shapes: x […, H, W] -> […, P, Q, kH, kW] for `size: [kH, kW]`, with P × Q window positions
 * Defaults: stride 1, dilation 1
 * Throws: ShapeError if a window does not fit
 * See also: torch.nn.functional.unfold; torch.Tensor.unfold for one axis
 * Searched for as: sliding_window_view (NumPy)
 */
export const unfold = operation(
  "unfold",
  [input, ["size", "stride", "dilation"]],
  (x: Tensor, { size, stride = 1, dilation = 1 }: WindowOptions): Tensor => {
    const rank = size.length;
    return apply("unfold", [x], {
      size: [...size],
      stride: perAxis(stride, rank),
      dilation: perAxis(dilation, rank),
    });
  },
);

/** The lengths of the axes that windows are added to, and the stride and dilation of the windows. */
export interface OverlapOptions {
  readonly lengths: readonly number[];
  readonly stride?: number | readonly number[];
  readonly dilation?: number | readonly number[];
}

/**
 * Adds windows to the positions that `unfold` takes them from; overlapping elements are summed. The transpose of `unfold`,
 * and the basis of transposed convolution.
 *
 * Shapes: x […, P, Q, kH, kW] -> […, H, W] for `lengths: [H, W]`
 * Defaults: stride 1, dilation 1
 * Throws: ShapeError unless axes of these lengths have exactly these windows
 * Source: torch.nn.functional.fold
 * Searched for as: overlap-add
 */
export const fold = operation(
  "fold",
  [input, ["lengths", "stride", "dilation"]],
  (x: Tensor, { lengths, stride = 1, dilation = 1 }: OverlapOptions): Tensor => {
    const rank = lengths.length;
    if (x.ndim < 2 * rank) {
      throw new ShapeError(
        "fold",
        `got ${formatShape(x.shape)}; expected ${rank} axes of window positions and ${rank} of window elements`,
      );
    }
    return apply("fold", [x], {
      shape: [...x.shape.slice(0, x.ndim - 2 * rank), ...lengths],
      size: x.shape.slice(x.ndim - rank),
      stride: perAxis(stride, rank),
      dilation: perAxis(dilation, rank),
    });
  },
);

function perAxis(value: number | readonly number[], rank: number): readonly number[] {
  return typeof value === "number" ? new Array<number>(rank).fill(value) : [...value];
}

function evenPieces(length: number, size: number): number[] {
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new ArgumentError("split", `got pieces of ${size}; expected a whole number of at least 1`);
  }
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size));
}

function resolveRange(
  range: Range,
  size: number,
): { start: number; length: number; step: number; reversed: boolean } {
  const [from, to, step = 1] = range;
  if (!Number.isInteger(step) || step === 0) {
    throw new ArgumentError("slice", `got the step ${step}; expected a whole number that is not 0`);
  }
  const clip = (index: number, low: number, high: number): number =>
    Math.min(Math.max(index < 0 ? index + size : index, low), high);
  if (step > 0) {
    const start = clip(from ?? 0, 0, size);
    const stop = clip(to ?? size, 0, size);
    const length = Math.max(Math.ceil((stop - start) / step), 0);
    return { start: length === 0 ? 0 : start, length, step, reversed: false };
  }
  const first = clip(from ?? size - 1, -1, size - 1);
  const last = to === null || to === undefined ? -1 : clip(to, -1, size - 1);
  const length = Math.max(Math.ceil((last - first) / step), 0);
  return { start: length === 0 ? 0 : first + (length - 1) * step, length, step: -step, reversed: true };
}
