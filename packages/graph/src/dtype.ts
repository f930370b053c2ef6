/** Element types, ordered by promotion: combining two gives the later one. */
export const dtypes = ["bool", "int32", "float32", "float64"] as const;

/** The type of a tensor's elements. `float32` is the default everywhere. */
export type DType = (typeof dtypes)[number];

/** The array that holds elements of each type. A `bool` is a byte, 0 or 1. */
export interface ArrayOf {
  bool: Uint8Array;
  int32: Int32Array;
  float32: Float32Array;
  float64: Float64Array;
}

/** An array that can hold the elements of a tensor. */
export type TypedArray = ArrayOf[DType];

/** A list of element types that also carries them in its type. `includes` accepts every element type. */
export type DTypes<D extends DType> = readonly D[] & readonly DType[];

/** An element type that gradients exist for. */
export type FloatType = "float32" | "float64";

export const floats: DTypes<FloatType> = ["float32", "float64"];
export const numbers: DTypes<"int32" | FloatType> = ["int32", "float32", "float64"];

/** Whether an element type is a floating-point type: float32 or float64. */
export function isFloat(dtype: DType): dtype is FloatType {
  return dtype === "float32" || dtype === "float64";
}

/** The type to which two operands are cast before they are combined: `bool < int32 < float32 < float64`. */
export function promote(a: DType, b: DType): DType {
  return dtypes.indexOf(a) >= dtypes.indexOf(b) ? a : b;
}

/** The size of an element. Units: bytes. */
export function bytesPerElement(dtype: DType): number {
  return dtype === "bool" ? 1 : dtype === "float64" ? 8 : 4;
}

/** Whether an element of this type can represent this number. Floats accept every number and round it. */
export function canHold(dtype: DType, value: number): boolean {
  if (dtype === "bool") return value === 0 || value === 1;
  return dtype !== "int32" || value === (value | 0);
}

/** A zero-filled array for `size` elements. */
export function allocate<D extends DType>(dtype: D, size: number): ArrayOf[D];
export function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case "bool":
      return new Uint8Array(size);
    case "int32":
      return new Int32Array(size);
    case "float32":
      return new Float32Array(size);
    case "float64":
      return new Float64Array(size);
  }
}

/**
 * The element type that holds every element of an array of each class, by the class's name, which is the same in every realm (a
 * frame, a worker of Node's `vm`, a test environment). An int32 does not hold every element of the last three classes.
 */
const typeOfClass: Readonly<Record<string, DType>> = {
  Float32Array: "float32",
  Float64Array: "float64",
  Int32Array: "int32",
  Uint8Array: "bool",
  Float16Array: "float32",
  Int8Array: "int32",
  Int16Array: "int32",
  Uint16Array: "int32",
  Uint8ClampedArray: "int32",
  Uint32Array: "int32",
  BigInt64Array: "int32",
  BigUint64Array: "int32",
};

/** The class of a typed array, also of another realm: `Float32Array`. */
function classOf(array: ArrayBufferView): string {
  return (array as TypedArray)[Symbol.toStringTag];
}

/** The element type that holds the elements of a typed array; `undefined` for a view without elements (DataView). */
export function dtypeOf(array: TypedArray): DType;
export function dtypeOf(array: ArrayBufferView): DType | undefined;
export function dtypeOf(array: ArrayBufferView): DType | undefined {
  return typeOfClass[classOf(array)];
}

/**
 * A typed array as one of the four classes that hold elements: itself, or a view of the same memory if it is of another realm. `null`
 * for an array of any other class.
 */
export function asElements(array: ArrayBufferView): TypedArray | null {
  for (const Class of [Float32Array, Int32Array, Float64Array, Uint8Array]) {
    if (array instanceof Class) return array;
    if (classOf(array) === Class.name)
      return new Class(array.buffer as ArrayBuffer, array.byteOffset, (array as TypedArray).length);
  }
  return null;
}
