import {
  allocate,
  ArgumentError,
  createLeaf,
  HostStorage,
  type DType,
  type Shape,
  type TypedArray,
} from "@stargrad/graph";
import { canHold, dtypeOf, promote } from "@stargrad/graph/internal";
import { flattenNested } from "./nested.js";
import { Tensor } from "./tensor.js";

/** A typed array of any class, as far as TypeScript's library knows the class. */
export type AnyTypedArray = TypedArray | (ArrayBufferView & ArrayLike<number | bigint>);

/** The elements of nested arrays, of a number or of a typed array: the shape, and the element type they have by themselves. */
interface Elements {
  readonly elements: ArrayLike<number | boolean | bigint>;
  readonly shape: Shape;
  readonly natural: DType;
}

/** Measures what `tensor` accepts. Throws as `tensor` does. `dtype`: the element type that the caller wants, if any. */
export function elementsIn(called: string, data: unknown, dtype: DType | undefined): Elements {
  if (ArrayBuffer.isView(data)) {
    return {
      elements: data as TypedArray,
      shape: [(data as TypedArray).length],
      natural: arrayType(called, data, dtype),
    };
  }
  const { shape, elements } = flattenNested(called, data);
  const bools = elements.filter((element) => typeof element === "boolean").length;
  if (bools !== 0 && bools !== elements.length) {
    throw new ArgumentError(called, "got numbers and booleans mixed; expected one kind");
  }
  return { elements, shape, natural: bools > 0 ? "bool" : "float32" };
}

export function cannotHold(called: string, i: number, element: unknown, dtype: DType): ArgumentError {
  return new ArgumentError(called, `element ${i} is ${String(element)}, which ${dtype} cannot hold`);
}

/** Copies elements into an array of the type. Throws if the type cannot hold a whole number exactly; fractions are rounded. */
export function store(
  called: string,
  elements: ArrayLike<number | boolean | bigint>,
  dtype: DType,
): TypedArray {
  const array = allocate(dtype, elements.length);
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i];
    const value = Number(element);
    if (!canHold(dtype, value) || (typeof element === "bigint" && BigInt(value) !== element)) {
      throw cannotHold(called, i, element, dtype);
    }
    array[i] = value;
  }
  return array;
}

/**
 * The tensor that an array stands for where a tensor is expected. A typed array, and an array without a tensor beside it, is what
 * `tensor` makes of it. Beside a tensor of the type `beside`, plain numbers and booleans take that type as a single one does: unless
 * it cannot hold one of them.
 */
export function fromArray(called: string, data: unknown, beside?: DType): Tensor {
  const { elements, shape, natural } = elementsIn(called, data, undefined);
  const dtype =
    beside === undefined || !Array.isArray(data) ? natural : typeBeside(elements, natural, beside);
  return leafOf(store(called, elements, dtype), shape, dtype);
}

/** The tensor of indices that an array stands for: whole numbers become int32. */
export function indicesFrom(called: string, data: unknown): Tensor {
  const { elements, shape, natural } = elementsIn(called, data, "int32");
  const isTyped = ArrayBuffer.isView(data);
  const dtype = natural === (isTyped ? "bool" : "float32") ? "int32" : natural;
  return leafOf(store(called, elements, dtype), shape, dtype);
}

function leafOf(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  return new Tensor(createLeaf(shape, dtype, new HostStorage(data)));
}

function typeBeside(literals: Elements["elements"], natural: DType, beside: DType): DType {
  if (natural === "bool") return beside;
  const whole = Array.prototype.every.call(literals, (value: number) => canHold("int32", value));
  return promote(beside, whole ? "int32" : "float32");
}

/** The element type for a typed array's elements. Throws for bytes, which may be bools or numbers, unless a type is wanted. */
function arrayType(called: string, data: ArrayBufferView, wanted: DType | undefined): DType {
  const dtype = dtypeOf(data);
  if (dtype === undefined) throw new ArgumentError(called, "got a DataView; expected a typed array");
  if (dtype !== "bool" || wanted !== undefined) return dtype;
  throw new ArgumentError(
    called,
    "got a Uint8Array, which may hold bytes or bools",
    'Pass tensor(data, { dtype: "bool" }) or { dtype: "int32" }',
  );
}
