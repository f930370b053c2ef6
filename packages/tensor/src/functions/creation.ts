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
import { asElements, canHold, checkShape, dtypeOf } from "@stargrad/graph/internal";
import { cannotHold, elementsIn, store, type AnyTypedArray } from "../from-array.js";
import { given, input, list, literal, operation } from "../operation.js";
import type { NestedArray } from "../nested.js";
import { broadcastTo, castTo, scalar } from "../operands.js";
import type { Reshaped, ShapeLiteral } from "../shape-types.js";
import { apply, Tensor } from "../tensor.js";

export interface CreationOptions {
  /** Default: float32, or bool for a boolean value. */
  readonly dtype?: DType;
}

/** `shape` is for a typed array. */
export interface TensorOptions<S extends ShapeLiteral = Shape> {
  readonly dtype?: DType;
  readonly shape?: S;
}

/**
 * A tensor with the given elements: nested arrays, one number, or a typed array with a shape. The data is copied.
 *
 * Defaults: numbers become float32 and booleans bool. A typed array keeps its type. Other classes become the nearest type that holds
 * every element: Float16Array float32; Int8Array, Int16Array, Uint16Array and Uint8ClampedArray int32, and so do Uint32Array,
 * BigInt64Array and BigUint64Array if their elements fit. A Uint8Array needs a `dtype`
 * Throws: ShapeError if nested arrays are ragged or the shape does not fit; ArgumentError for an element that is no number, or that
 * the type cannot hold
 */
export const tensor = /* @__PURE__ */ operation(
  "tensor",
  [given, ["dtype", "shape"]],
  (data: NestedArray | AnyTypedArray, { dtype, shape }: TensorOptions) => {
    const { elements, shape: measured, natural } = elementsIn("tensor", data, dtype);
    return fromData(store("tensor", elements, dtype ?? natural), shape ?? measured);
  },
) as <const S extends ShapeLiteral = Shape>(
  data: NestedArray | AnyTypedArray,
  options?: TensorOptions<S>,
) => Tensor<Reshaped<S>>;

/**
 * A tensor that uses an array without copying it: the tensor owns the array from now on. A Uint8Array holds bools. An array of
 * another class than the four that hold elements is copied, as by `tensor`.
 *
 * Throws: ShapeError if the array's length is not the shape's size; ArgumentError if an element is no bool, or does not fit
 */
export const fromData = /* @__PURE__ */ operation(
  "fromData",
  [given, list],
  (data: AnyTypedArray, shape: Shape) => {
    checkShape("tensor", shape);
    const elements = owned(data);
    if (sizeOf(shape) !== elements.length) {
      throw new ShapeError(
        "tensor",
        `got ${elements.length} elements for the shape ${formatShape(shape)}, which has ${sizeOf(shape)}`,
      );
    }
    return new Tensor(createLeaf(shape, dtypeOf(elements), new HostStorage(elements)));
  },
) as <const S extends ShapeLiteral>(data: AnyTypedArray, shape: S) => Tensor<Reshaped<S>>;

/** A tensor filled with one value. Throws: ArgumentError if the value does not fit the type */
export const full = /* @__PURE__ */ operation(
  "full",
  [list, literal, ["dtype"]],
  (shape: Shape, value: number | boolean, { dtype }: CreationOptions) => filled("full", shape, value, dtype),
) as <const S extends ShapeLiteral>(
  shape: S,
  value: number | boolean,
  options?: CreationOptions,
) => Tensor<Reshaped<S>>;

/** Like `full`, as a leaf: its elements exist without running a program. */
export function filledLeaf(shape: Shape, dtype: DType, value: number): Tensor {
  return new Tensor(createLeaf(shape, dtype, new FilledStorage(dtype, sizeOf(shape), value)));
}

/** A function that makes a tensor of the given shape. */
export type Creator = <const S extends ShapeLiteral>(
  shape: S,
  options?: CreationOptions,
) => Tensor<Reshaped<S>>;

/** A tensor filled with 0. Defaults: float32 */
export const zeros = /* @__PURE__ */ creator("zeros", 0);

/** A tensor filled with 1. Defaults: float32 */
export const ones = /* @__PURE__ */ creator("ones", 1);

/** A tensor of the shape and type of another, filled with one value. */
export const fullLike = /* @__PURE__ */ operation("fullLike", [input, literal], (x: Tensor, value: number) =>
  filled("fullLike", x.shape, value, x.dtype),
) as <S extends Shape>(x: Tensor<S>, value: number) => Tensor<S>;

/** A tensor of the shape and type of another, filled with 0. */
export const zerosLike = /* @__PURE__ */ likeness("zerosLike", 0);

/** A tensor of the shape and type of another, filled with 1. */
export const onesLike = /* @__PURE__ */ likeness("onesLike", 1);

/**
 * Evenly spaced numbers from `start` up to, but not including, `stop`: `arange(1, 4)` is 1, 2, 3. A single argument is the stop:
 * `arange(3)` is 0, 1, 2.
 *
 * Defaults: start 0, step 1; int32 if start, stop and step are whole numbers, else float32
 * Throws: ArgumentError if a number does not fit the type
 * Source: numpy.arange
 */
export const arange = /* @__PURE__ */ operation(
  "arange",
  ["start", "stop", "step", ["dtype"]],
  (first: number, second: number | undefined, step = 1, options: CreationOptions) => {
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
      if (size > 0 && !canHold(dtype, size - 1)) {
        throw cannotHold("arange", size - 1, size - 1, dtype);
      }
      return castTo(apply("iota", [], { size }), dtype);
    }
    return sequence("arange", size, dtype, (i) => start + i * step);
  },
) as (first: number, second?: number, step?: number, options?: CreationOptions) => Tensor;

/** `count` evenly spaced numbers from `start` to `stop`, both included. Source: numpy.linspace */
export const linspace = /* @__PURE__ */ operation(
  "linspace",
  ["start", "stop", "count", ["dtype"]],
  (start: number, stop: number, count: number, { dtype = "float32" }: CreationOptions) => {
    if (!(Number.isInteger(count) && count >= 0)) {
      throw new ArgumentError("linspace", `got the count ${count}; expected a whole number of at least 0`);
    }
    const step = (stop - start) / Math.max(count - 1, 1);
    // The second half is computed from `stop` backwards, so that the last number is exactly `stop`.
    return sequence("linspace", count, dtype, (i) =>
      i < count / 2 ? start + i * step : stop - (count - 1 - i) * step,
    );
  },
) as (start: number, stop: number, count: number, options?: CreationOptions) => Tensor;

/** A matrix with 1 on the main diagonal and 0 elsewhere. Source: numpy.eye */
export const eye = /* @__PURE__ */ operation(
  "eye",
  ["rows", "columns", ["dtype"]],
  (rows: number, columns = rows, { dtype = "float32" }: CreationOptions) => {
    checkShape("eye", [rows, columns]);
    const data = allocated("eye", dtype, rows * columns);
    for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = 1;
    return fromData(data, [rows, columns]);
  },
) as (rows: number, columns?: number, options?: CreationOptions) => Tensor;

function sequence(called: string, size: number, dtype: DType, elementAt: (i: number) => number): Tensor {
  const data = allocated(called, dtype, size);
  for (let i = 0; i < size; i++) {
    const value = elementAt(i);
    if (!canHold(dtype, value)) throw cannotHold(called, i, value, dtype);
    data[i] = value;
  }
  return fromData(data, [size]);
}

/** Throws: ArgumentError if the array is larger than the memory, or than arrays can be */
function allocated(called: string, dtype: DType, size: number): TypedArray {
  try {
    return allocate(dtype, size);
  } catch {
    throw new ArgumentError(called, `got ${size} elements of ${dtype}; there is not enough memory`);
  }
}

function creator(called: string, value: number): Creator {
  return operation(called, [list, ["dtype"]], (shape: Shape, { dtype }: CreationOptions) =>
    filled(called, shape, value, dtype),
  ) as Creator;
}

function likeness(called: string, value: number): <S extends Shape>(x: Tensor<S>) => Tensor<S> {
  return operation(called, [input], ({ shape, dtype }: Tensor) => filled(called, shape, value, dtype)) as <
    S extends Shape,
  >(
    x: Tensor<S>,
  ) => Tensor<S>;
}

function filled(
  called: string,
  shape: Shape,
  value: number | boolean,
  dtype: DType = typeof value === "boolean" ? "bool" : "float32",
): Tensor {
  checkShape(called, shape);
  if (!canHold(dtype, Number(value))) {
    throw new ArgumentError(called, `got the value ${value}, which ${dtype} cannot hold`);
  }
  return broadcastTo(scalar(value, dtype), shape);
}

/** The array of the elements that a tensor uses: the given one if it has the class of an element type. */
function owned(data: AnyTypedArray): TypedArray {
  const elements = asElements(data);
  if (elements === null) {
    const { elements: others, natural } = elementsIn("fromData", data, undefined);
    return store("fromData", others, natural);
  }
  if (elements instanceof Uint8Array && elements.some((byte) => byte > 1)) {
    throw new ArgumentError(
      "fromData",
      "got bytes that are no bools",
      'Pass tensor(data, { dtype: "int32" }), which copies them',
    );
  }
  return elements;
}
