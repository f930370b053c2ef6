import type { DType } from "@stargrad/graph";
import { bytesPerElement } from "@stargrad/graph";
import { f32x4, f64x2, i32, i32x4, i64, v128, type Expression } from "../machine/expression.js";
import type { Machine } from "../machine/machine.js";
import type { FunctionBuilder } from "../machine/function-builder.js";

type VectorSize = Pick<Machine, "vectorBytes">;

/** Copies one element as bits, without regard to its type. */
export function copyElement(
  body: FunctionBuilder,
  dtype: DType,
  to: Expression<"i32">,
  from: Expression<"i32">,
): void {
  switch (bytesPerElement(dtype)) {
    case 1:
      body.store8(to, i32.load8Unsigned(from));
      return;
    case 4:
      body.store(to, i32.load(from));
      return;
    default:
      body.store(to, i64.load(from));
  }
}

/** Copies `count` neighbouring elements: those of whole vectors, or one. */
export function copyElements(
  body: FunctionBuilder,
  dtype: DType,
  to: Expression<"i32">,
  from: Expression<"i32">,
  count: number,
  { vectorBytes }: VectorSize,
): void {
  if (count === 1) {
    copyElement(body, dtype, to, from);
    return;
  }
  for (let byte = 0; byte < count * bytesPerElement(dtype); byte += vectorBytes) {
    body.store(to, v128.load(from, byte), byte);
  }
}

/** The number of elements of a type in a vector. */
export function lanesOf(dtype: DType, { vectorBytes }: VectorSize): number {
  return vectorBytes / bytesPerElement(dtype);
}

/** Loads a vector of neighbouring numbers, or one number into every lane. */
export function loadNumbers(
  dtype: DType,
  address: Expression<"i32">,
  count: number,
  offset = 0,
): Expression<"v128"> {
  if (count > 1) return v128.load(address, offset);
  return dtype === "float64" ? v128.load64Splat(address, offset) : v128.load32Splat(address, offset);
}

/** Writes a vector of neighbouring numbers, or the number in its first lane. */
export function storeNumbers(
  body: FunctionBuilder,
  dtype: DType,
  address: Expression<"i32">,
  value: Expression<"v128">,
  count: number,
  offset = 0,
): void {
  if (count > 1) body.store(address, value, offset);
  else if (dtype === "float64") body.store(address, f64x2.extract(value, 0), offset);
  else if (dtype === "float32") body.store(address, f32x4.extract(value, 0), offset);
  else body.store(address, i32x4.extract(value, 0), offset);
}
