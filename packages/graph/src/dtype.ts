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

export type TypedArray = ArrayOf[DType];

/** A list of element types that also carries them in its type. `includes` accepts every element type. */
export type DTypes<D extends DType> = readonly D[] & readonly DType[];

export type FloatType = "float32" | "float64";

export const floats: DTypes<FloatType> = ["float32", "float64"];
export const numbers: DTypes<"int32" | FloatType> = ["int32", "float32", "float64"];

export function isFloat(dtype: DType): dtype is FloatType {
  return dtype === "float32" || dtype === "float64";
}

/** The type to which two operands are cast before they are combined: `bool < int32 < float32 < float64`. */
export function promote(a: DType, b: DType): DType {
  return dtypes.indexOf(a) >= dtypes.indexOf(b) ? a : b;
}

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

/** The element type an array of this class holds. */
export function dtypeOf(array: TypedArray): DType {
  if (array instanceof Uint8Array) return "bool";
  if (array instanceof Int32Array) return "int32";
  return array instanceof Float32Array ? "float32" : "float64";
}
