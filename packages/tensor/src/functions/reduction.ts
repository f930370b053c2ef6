import { type NameOfKind, type Shape } from "@stargrad/graph";
import { checkNotEmpty, normalizeAxes, normalizeAxis, numbers } from "@stargrad/graph/internal";
import type { AlongAxis, Axis, AxisOption, LastAxis, OptionsFor, Reduced } from "../axis-types.js";
import { accepted, castTo, expectFloat } from "../operands.js";
import { input, operation, type Parameter } from "../operation.js";
import { apply, type Tensor } from "../tensor.js";
import {
  abs,
  div,
  equal,
  isNaN,
  logicalNot,
  logicalOr,
  neg,
  pow,
  sqrt,
  square,
  sub,
  where,
} from "./elementwise.js";
import { arange } from "./creation.js";
import { gather } from "./indexing.js";
import { reshape, squeeze } from "./movement.js";

/** Which axes to reduce (default: all), and whether they are kept with length 1. */
export interface ReductionOptions {
  readonly axis?: number | readonly number[];
  readonly keepDims?: boolean;
}

/** The options with which a reduction returns a scalar. */
export interface ReduceAll {
  readonly axis?: never;
  readonly keepDims?: false;
}

/** `correction` is subtracted from the number of elements: the degrees of freedom that the mean uses up. */
export interface CorrectionOptions extends ReductionOptions {
  readonly correction?: number;
}

/** `order` is the p of the p-norm. */
export interface NormOptions extends ReductionOptions {
  readonly order?: number;
}

/** The axis to search along (default: the last), and whether it is kept with length 1. */
export interface AxisOptions {
  readonly axis?: number;
  readonly keepDims?: boolean;
}

/** The axis that `max` and `min` search along. */
export interface ExtremesOptions extends AxisOptions {
  readonly axis: number;
}

/**
 * A function that reduces axes. TypeScript cannot infer shapes through a body, so each function asserts its type, here and
 * below.
 */
export type Reducer<Options extends ReductionOptions = ReductionOptions, Axes = Axis> = <
  X extends Tensor,
  const O extends Options | Axes = ReduceAll & Options,
>(
  x: X,
  options?: OptionsFor<X["shape"], O>,
) => Tensor<Reduced<X["shape"], O>>;

/** A function that searches for an element along one axis and returns its index. */
export type Finder = <X extends Tensor, const O extends AxisOptions | number = { readonly axis: -1 }>(
  x: X,
  options?: OptionsFor<X["shape"], O>,
) => Tensor<Reduced<X["shape"], LastAxis<O>>>;

/** A function that searches the whole tensor for an element or, given an axis, along that axis. */
export type ExtremeFinder = <
  X extends Tensor,
  const O extends ExtremesOptions | number | undefined = undefined,
>(
  x: X,
  options?: OptionsFor<X["shape"], O>,
) => O extends undefined ? Tensor<[]> : Extremes<Reduced<X["shape"], O>>;

const reduced: readonly Parameter[] = [input, ["axis", "keepDims"]];

/** `Σ x`. Integers stay integers; bools are counted. */
export const sum = operation("sum", reduced, (x: Tensor, options: ReductionOptions) =>
  reduce("sum", castTo(x, accepted(x.dtype, numbers)), options),
) as Reducer;

/** `Π x`. The order of the multiplications is not specified; it matters only if some of them overflow. */
export const prod = operation("prod", reduced, (x: Tensor, options: ReductionOptions) =>
  reduce("prod", castTo(x, accepted(x.dtype, numbers)), options),
) as Reducer;

/**
 * `Σ x / n`
 *
 * Throws: DTypeError for integers and bools, because their type cannot hold the mean
 */
export const mean = operation("mean", reduced, (x: Tensor, options: ReductionOptions) => {
  expectFloat("mean", x);
  const count = countOver("mean", x, options);
  return div(reduce("sum", x, options), count);
}) as Reducer;

/** The largest element; NaN if any element is NaN. Equal maxima share the gradient evenly. Source: torch.amax */
export const amax = operation("amax", reduced, (x: Tensor, options: ReductionOptions) => {
  checkExtreme("amax", x, options);
  return reduce("max", x, options);
}) as Reducer;

/** The smallest element; NaN if any element is NaN. Equal minima share the gradient evenly. Source: torch.amin */
export const amin = operation("amin", reduced, (x: Tensor, options: ReductionOptions) => {
  checkExtreme("amin", x, options);
  // −x would overflow for the smallest int32; −1 − x maps int32 to int32, in reverse order.
  if (x.dtype === "int32") return sub(-1, amax(sub(-1, x), options));
  if (x.dtype === "bool") return logicalNot(amax(logicalNot(x), options));
  return neg(amax(neg(x), options));
}) as Reducer;

/** Values and their indices along the axis. */
export interface Extremes<S extends Shape = Shape> {
  readonly values: Tensor<S>;
  readonly indices: Tensor<S>;
}

/**
 * Without an axis: the largest element, as `amax`. With an axis: the largest elements along it and their indices (of equal
 * elements the first), and the gradient goes to these elements only.
 *
 * Source: torch.max
 */
export const max = operation("max", reduced, (x: Tensor, options: AxisOptions): Tensor | Extremes => {
  checkExtreme("max", x, options);
  if (options.axis === undefined) return amax(x);
  return extremes(x, argmax(x, { ...options, keepDims: true }), options);
}) as ExtremeFinder;

/** Like `max` for the smallest element. Source: torch.min */
export const min = operation("min", reduced, (x: Tensor, options: AxisOptions): Tensor | Extremes => {
  checkExtreme("min", x, options);
  if (options.axis === undefined) return amin(x);
  return extremes(x, argmin(x, { ...options, keepDims: true }), options);
}) as ExtremeFinder;

/**
 * The index of the largest element along an axis (default: the last): of equal elements the first, or the first NaN if there is
 * one.
 *
 * Source: torch.argmax
 */
export const argmax = operation("argmax", reduced, (x: Tensor, options: AxisOptions) =>
  firstWhere("argmax", x, options, (axis) => amax(x, { axis, keepDims: true })),
) as Finder;

/**
 * The index of the smallest element along an axis (default: the last): of equal elements the first, or the first NaN if there is
 * one.
 *
 * Source: torch.argmin
 */
export const argmin = operation("argmin", reduced, (x: Tensor, options: AxisOptions) =>
  firstWhere("argmin", x, options, (axis) => amin(x, { axis, keepDims: true })),
) as Finder;

/**
 * `Σ (x − mean)² / (n − correction)`
 *
 * Defaults: correction 1 (Bessel's)
 * Source: torch.var
 */
export const variance = operation(
  "variance",
  [input, ["axis", "keepDims", "correction"]],
  (x: Tensor, options: CorrectionOptions) => spread("variance", x, options),
) as Reducer<CorrectionOptions>;

/**
 * `√variance`; its first and second derivative are 0 where the variance is 0. The squares of deviations below about 10⁻²³ vanish
 * in float32, and above 10¹⁹ they are infinite.
 *
 * Source: torch.std
 */
export const std = operation(
  "std",
  [input, ["axis", "keepDims", "correction"]],
  (x: Tensor, options: CorrectionOptions) => flatAtZero(spread("std", x, options), sqrt),
) as Reducer<CorrectionOptions>;

/**
 * `(Σ |x|ᵖ)^(1/p)`: order 2 is the Euclidean length, 1 the sum of magnitudes, Infinity the largest magnitude, and 0 the number of
 * elements that are not 0. Where the norm, or for an order below 1 an element, is 0, its derivatives are 0. Powers may vanish or
 * overflow: in float32, squares of magnitudes below about 10⁻²³ and above 10¹⁹.
 *
 * Defaults: order 2
 * Source: torch.linalg.vector_norm
 */
export const norm = operation(
  "norm",
  [input, ["order", "axis", "keepDims"]],
  (x: Tensor, options: NormOptions) => {
    expectFloat("norm", x);
    checkAxes("norm", x, options);
    const { order = 2, ...reduction } = options;
    if (order === 2) return flatAtZero(sum(square(x), reduction), sqrt);
    if (Math.abs(order) === Infinity) {
      checkExtreme("norm", x, reduction);
      return order > 0 ? amax(abs(x), reduction) : amin(abs(x), reduction);
    }
    if (order === 0) return castTo(sum(logicalNot(equal(x, 0)), reduction), x.dtype);
    if (order === 1) return sum(abs(x), reduction);
    const powers =
      order < 1 ? flatAtZero(abs(x), (size) => pow(size, order), 0 ** order) : pow(abs(x), order);
    return flatAtZero(sum(powers, reduction), (total) => pow(total, 1 / order), 0 ** (1 / order));
  },
) as Reducer<NormOptions, never>;

/** Whether any element is true; false if there are no elements. */
export const any = operation("any", reduced, (x: Tensor, options: ReductionOptions) => {
  checkAxes("any", x, options);
  return castTo(sum(castTo(x, "bool"), options), "bool");
}) as Reducer;

/** Whether every element is true; true if there are no elements. */
export const all = operation("all", reduced, (x: Tensor, options: ReductionOptions) => {
  checkAxes("all", x, options);
  return logicalNot(any(logicalNot(x), options));
}) as Reducer;

/** `yᵢ = x₀ + … + xᵢ` along an axis (default: the last). Source: torch.cumsum */
export const cumsum = operation("cumsum", [input, ["axis"]], (x: Tensor, { axis = -1 }: AxisOption) => {
  const summable = castTo(x, accepted(x.dtype, numbers));
  return apply("cumsum", [summable], { axis: normalizeAxis("cumsum", axis, x.ndim) });
}) as AlongAxis;

function reduce(name: NameOfKind<"reduction">, x: Tensor, options: ReductionOptions): Tensor {
  const axes = normalizeAxes(name, options.axis, x.ndim);
  const reduced = axes.length === 0 ? x : apply(name, [x], { axes });
  return options.keepDims === true ? reshape(reduced, keptShape(x.shape, axes)) : reduced;
}

/** Checks the axes early, so that errors name the function that the user called, not one that it calls. */
function checkAxes(called: string, x: Tensor, options: ReductionOptions): void {
  normalizeAxes(called, options.axis, x.ndim);
}

/** For extremes, which a row of no elements does not have. */
function checkExtreme(called: string, x: Tensor, options: ReductionOptions): void {
  checkNotEmpty(called, x.shape, normalizeAxes(called, options.axis, x.ndim));
}

function spread(called: string, x: Tensor, options: CorrectionOptions): Tensor {
  expectFloat(called, x);
  const { correction = 1, ...reduction } = options;
  const degrees = Math.max(countOver(called, x, options) - correction, 0);
  const center = mean(x, { ...reduction, keepDims: true });
  return div(sum(square(sub(x, center)), reduction), degrees);
}

function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
}

function countOver(called: string, x: Tensor, options: ReductionOptions): number {
  return normalizeAxes(called, options.axis, x.ndim).reduce((count, axis) => count * x.shape[axis], 1);
}

/** A function with the given value at 0 and the gradient 0 there. The true slope is infinite and would make gradients NaN. */
function flatAtZero(x: Tensor, f: (x: Tensor) => Tensor, valueAtZero = 0): Tensor {
  const zero = equal(x, 0);
  return where(zero, valueAtZero, f(where(zero, 1, x)));
}

function firstWhere(called: string, x: Tensor, options: AxisOptions, best: (axis: number) => Tensor): Tensor {
  const axis = normalizeAxis(called, options.axis ?? -1, x.ndim);
  checkNotEmpty(called, x.shape, [axis]);
  const size = x.shape[axis];
  const indices = reshape(
    arange(size),
    x.shape.map((_, i) => (i === axis ? size : 1)),
  );
  const found = logicalOr(equal(x, best(axis)), isNaN(x));
  return amin(where(found, indices, size), { axis, keepDims: options.keepDims ?? false });
}

function extremes(x: Tensor, indices: Tensor, { axis = -1, keepDims = false }: AxisOptions): Extremes {
  const values = gather(x, indices, { axis });
  return keepDims ? { values, indices } : { values: squeeze(values, axis), indices: squeeze(indices, axis) };
}
