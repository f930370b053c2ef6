import type { DType } from "@stargrad/graph";
import { f32, f32x4, f64, f64x2, i32, i32x4, v128, type Expression } from "./machine/expression.js";
import type { FunctionBuilder } from "./machine/function-builder.js";

/*
 * How elements of each type travel between memory and vectors; see spelling.ts for how they stand in the lanes. In a loop that has
 * float64 in it, elements of 32 bits fill but `half` a vector.
 */

type Vector = Expression<"v128">;

type Address = Expression<"i32">;

/** As many neighbouring elements as the loop is wide. */
export function loadVector(dtype: DType, half: boolean, address: Address, offset = 0): Vector {
  const at = placeOf(address, offset);
  switch (dtype) {
    case "bool":
      return v128.loadMasks(...at);
    case "float64":
      return v128.load(...at);
    default:
      return half ? v128.loadHalf(...at) : v128.load(...at);
  }
}

/** One element, in every lane. */
export function loadSplat(dtype: DType, address: Address, offset = 0): Vector {
  const at = placeOf(address, offset);
  switch (dtype) {
    case "bool":
      return i32x4.neg(i32x4.splat(i32.load8Unsigned(...at)));
    case "float64":
      return v128.load64Splat(...at);
    default:
      return v128.load32Splat(...at);
  }
}

/** So many elements that stand `stride` bytes apart, one in each lane; the first of them in the lanes that are left. */
export function loadStrided(
  dtype: DType,
  count: number,
  address: Address,
  stride: number,
  offset = 0,
): Vector {
  const at = (lane: number): readonly [Address, number] => placeOf(address, offset + lane * stride);
  const lanes = Array.from({ length: count - 1 }, (_, i) => i + 1);
  const first = loadSplat(dtype, address, offset);
  switch (dtype) {
    case "bool": {
      const bytes = lanes.reduce(
        (v, lane) => i32x4.replace(v, lane, i32.load8Unsigned(...at(lane))),
        i32x4.splat(i32.load8Unsigned(...at(0))),
      );
      return i32x4.neg(bytes);
    }
    case "int32":
      return lanes.reduce((v, lane) => i32x4.replace(v, lane, i32.load(...at(lane))), first);
    case "float32":
      return lanes.reduce((v, lane) => f32x4.replace(v, lane, f32.load(...at(lane))), first);
    case "float64":
      return lanes.reduce((v, lane) => f64x2.replace(v, lane, f64.load(...at(lane))), first);
  }
}

/** Writes as many elements as the loop is wide. The vector must be in a local. */
export function storeVector(
  body: FunctionBuilder,
  dtype: DType,
  half: boolean,
  address: Address,
  value: Vector,
  offset = 0,
): void {
  const [base, more] = placeOf(address, offset);
  if (dtype === "bool") body.storeMasks(base, value, half, more);
  else if (half && dtype !== "float64") body.storeHalf(base, value, more);
  else body.store(base, value, more);
}

/** Writes one lane of a vector, the first unless told. */
export function storeElement(
  body: FunctionBuilder,
  dtype: DType,
  address: Address,
  value: Vector,
  { lane = 0, offset = 0 }: { readonly lane?: number; readonly offset?: number } = {},
): void {
  const [base, more] = placeOf(address, offset);
  switch (dtype) {
    case "bool":
      body.store8(base, i32.and(i32x4.extract(value, lane), i32.const(1)), more);
      return;
    case "int32":
      body.store(base, i32x4.extract(value, lane), more);
      return;
    case "float32":
      body.store(base, f32x4.extract(value, lane), more);
      return;
    case "float64":
      body.store(base, f64x2.extract(value, lane), more);
  }
}

/** Instructions add constants to their addresses, but no negative ones. */
function placeOf(address: Address, offset: number): readonly [Address, number] {
  return offset >= 0 ? [address, offset] : [i32.add(address, i32.const(offset)), 0];
}
