import {
  allocate,
  ArgumentError,
  createLeaf,
  formatShape,
  FilledStorage,
  HostStorage,
  ShapeError,
  sizeOf,
  type DType,
  type Shape,
  type TypedArray,
} from "@stargrad/graph";
import { canHold, checkShape, dtypeOf } from "@stargrad/graph/internal";
import { flattenNested, type NestedArray } from "../nested.js";
import { broadcastTo, castTo, scalar } from "../operands.js";
import type { Reshaped, ShapeLiteral } from "../shape-types.js";
import { apply, Tensor } from "../tensor.js";

export interface CreationOptions {
  /** Default: float32, or bool for a boolean value. */
  readonly dtype?: DType;
}

/**
 * A tensor with the given elements: nested arrays, one number, or a typed array with a shape. The data is copied.
 *
 * Defaults: numbers become float32 and booleans bool; a typed array keeps its type, but a Uint8Array needs a `dtype`
 * Throws: ShapeError if nested arrays are ragged or the shape does not fit; ArgumentError if a number does not fit the type
 */
export function tensor<const S extends ShapeLiteral = Shape>(
  data: NestedArray | TypedArray,
  { dtype, shape }: { readonly dtype?: DType; readonly shape?: S } = {},
): Tensor<Reshaped<S>> {
  const { elements, measured, natural } = isTypedArray(data)
    ? { elements: data, measured: [data.length], natural: typedArrayType(data, dtype) }
    : nestedElements(data);
  const array = store("tensor", elements, dtype ?? natural);
  return fromData(array, shape ?? measured) as Tensor<Reshaped<S>>;
}

/**
 * A tensor that uses an array without copying it: the tensor owns the array from now on. A Uint8Array holds bools.
 *
 * Throws: ShapeError if the array's length is not the shape's size
 */
export function fromData<const S extends ShapeLiteral>(data: TypedArray, shape: S): Tensor<Reshaped<S>> {
  checkShape("tensor", shape);
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(
      "tensor",
      `got ${data.length} elements for the shape ${formatShape(shape)}, which has ${sizeOf(shape)}`,
    );
  }
  return new Tensor(createLeaf([...shape], dtypeOf(data), new HostStorage(data)));
}

/** A tensor filled with one value. Throws: ArgumentError if the value does not fit the type */
export function full<const S extends ShapeLiteral>(
  shape: S,
  value: number | boolean,
  { dtype = typeof value === "boolean" ? "bool" : "float32" }: CreationOptions = {},
): Tensor<Reshaped<S>> {
  checkShape("full", shape);
  if (!canHold(dtype, Number(value))) {
    throw new ArgumentError("full", `got the value ${value}, which ${dtype} cannot hold`);
  }
  return broadcastTo(scalar(value, dtype), shape) as Tensor<Reshaped<S>>;
}

/** Like `full`, as a leaf: its elements exist without running a program. */
export function filled(shape: Shape, dtype: DType, value: number): Tensor {
  return new Tensor(createLeaf(shape, dtype, new FilledStorage(dtype, sizeOf(shape), value)));
}

/** A tensor filled with 0. Defaults: float32 */
export function zeros<const S extends ShapeLiteral>(
  shape: S,
  options?: CreationOptions,
): Tensor<Reshaped<S>> {
  checkShape("zeros", shape);
  return full(shape, 0, options);
}

/** A tensor filled with 1. Defaults: float32 */
export function ones<const S extends ShapeLiteral>(shape: S, options?: CreationOptions): Tensor<Reshaped<S>> {
  checkShape("ones", shape);
  return full(shape, 1, options);
}

/** A tensor of the shape and type of another, filled with one value. */
export function fullLike<S extends Shape>(x: Tensor<S>, value: number): Tensor<S> {
  return full(x.shape, value, { dtype: x.dtype }) as Tensor as Tensor<S>;
}

/** A tensor of the shape and type of another, filled with 0. */
export function zerosLike<S extends Shape>(x: Tensor<S>): Tensor<S> {
  return fullLike(x, 0);
}

/** A tensor of the shape and type of another, filled with 1. */
export function onesLike<S extends Shape>(x: Tensor<S>): Tensor<S> {
  return fullLike(x, 1);
}

/**
 * Evenly spaced numbers from `start` up to, but not including, `stop`: `arange(1, 4)` is 1, 2, 3. A single argument is the stop:
 * `arange(3)` is 0, 1, 2.
 *
 * Defaults: start 0, step 1; int32 if start, stop and step are whole numbers, else float32
 * Throws: ArgumentError if a number does not fit the type
 * Source: numpy.arange
 */
export function arange(first: number, second?: number, step = 1, options: CreationOptions = {}): Tensor {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0 || ![start, stop, step].every(Number.isFinite)) {
    throw new ArgumentError(
      "arange",
      `got start ${start}, stop ${stop}, step ${step}; expected finite numbers and a step that is not 0`,
    );
  }
  const dtype = options.dtype ?? ([start, stop, step].every(Number.isInteger) ? "int32" : "float32");
  const size = Math.max(Math.ceil((stop - start) / step), 0);
  if (size > 2 ** 31) {
    throw new ArgumentError("arange", `got a range of ${size} numbers; expected at most 2³¹`);
  }
  if (start === 0 && step === 1) {
    checkHolds("arange", dtype, size - 1, size - 1);
    return castTo(apply("iota", [], { size }), dtype);
  }
  const numbers = Float64Array.from({ length: size }, (_, i) => start + i * step);
  return fromData(store("arange", numbers, dtype), [size]);
}

/** `count` evenly spaced numbers from `start` to `stop`, both included. Source: numpy.linspace */
export function linspace(
  start: number,
  stop: number,
  count: number,
  { dtype = "float32" }: CreationOptions = {},
): Tensor {
  if (!(Number.isInteger(count) && count >= 0)) {
    throw new ArgumentError("linspace", `got the count ${count}; expected a whole number of at least 0`);
  }
  const step = (stop - start) / Math.max(count - 1, 1);
  // The second half is computed from `stop` backwards, so that the last number is exactly `stop`.
  const numbers = Float64Array.from({ length: count }, (_, i) =>
    i < count / 2 ? start + i * step : stop - (count - 1 - i) * step,
  );
  return fromData(store("linspace", numbers, dtype), [count]);
}

/** A matrix with 1 on the main diagonal and 0 elsewhere. Source: numpy.eye */
export function eye(rows: number, columns = rows, { dtype = "float32" }: CreationOptions = {}): Tensor {
  checkShape("eye", [rows, columns]);
  const data = allocate(dtype, rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = 1;
  return fromData(data, [rows, columns]);
}

function isTypedArray(data: NestedArray | TypedArray): data is TypedArray {
  return ArrayBuffer.isView(data);
}

function typedArrayType(data: TypedArray, wanted: DType | undefined): DType {
  if (dtypeOf(data) !== "bool" || wanted !== undefined) return dtypeOf(data);
  throw new ArgumentError(
    "tensor",
    "got a Uint8Array, which may hold bytes or bools",
    'Pass { dtype: "bool" } or { dtype: "int32" }',
  );
}

function nestedElements(data: NestedArray): {
  elements: ArrayLike<number | boolean>;
  measured: Shape;
  natural: DType;
} {
  const { shape, elements } = flattenNested("tensor", data);
  const bools = elements.filter((element) => typeof element === "boolean").length;
  if (bools !== 0 && bools !== elements.length)
    throw new ArgumentError("tensor", "got numbers and booleans mixed; expected one kind");
  return { elements, measured: shape, natural: bools > 0 ? "bool" : "float32" };
}

/** Copies elements into an array of the type. Throws if an integer type cannot hold a number exactly; floats are rounded. */
function store(called: string, elements: ArrayLike<number | boolean>, dtype: DType): TypedArray {
  const array = allocate(dtype, elements.length);
  for (let i = 0; i < elements.length; i++) {
    const value = Number(elements[i]);
    checkHolds(called, dtype, i, value);
    array[i] = value;
  }
  return array;
}

function checkHolds(called: string, dtype: DType, i: number, value: number): void {
  if (canHold(dtype, value)) return;
  throw new ArgumentError(called, `element ${i} is ${value}, which ${dtype} cannot hold`);
}
