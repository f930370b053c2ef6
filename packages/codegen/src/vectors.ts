import type { DType } from "@stargrad/graph";
import { f32, f32x4, f64, f64x2, i32, i32x4, v128, type Expression } from "./machine/expression.js";
import type { FunctionBuilder } from "./machine/function-builder.js";

/*
 * Loads and stores elements of each type; elementwise.ts describes their format in the lanes. In a loop that contains float64,
 * 32-bit elements fill only the lower `half` of a vector.
 */

type Vector = Expression<"v128">;

type Address = Expression<"i32">;

/** Loads as many neighbouring elements as the loop computes at a time. */
export function loadVector(dtype: DType, half: boolean, address: Address, offset = 0): Vector {
  const at = addressed(address, offset);
  switch (dtype) {
    case "bool":
      return v128.loadMasks(...at);
    case "float64":
      return v128.load(...at);
    default:
      return half ? v128.loadHalf(...at) : v128.load(...at);
  }
}

/** Loads one element into every lane. */
export function loadSplat(dtype: DType, address: Address, offset = 0): Vector {
  const at = addressed(address, offset);
  switch (dtype) {
    case "bool":
      return i32x4.neg(i32x4.splat(i32.load8Unsigned(...at)));
    case "float64":
      return v128.load64Splat(...at);
    default:
      return v128.load32Splat(...at);
  }
}

/** Loads `count` elements that are `stride` bytes apart, one into each lane. The remaining lanes get the first element. */
export function loadStrided(
  dtype: DType,
  count: number,
  address: Address,
  stride: number,
  offset = 0,
): Vector {
  const at = (lane: number): readonly [Address, number] => addressed(address, offset + lane * stride);
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

/** Stores as many elements as the loop computes at a time. The vector must be in a local. */
export function storeVector(
  body: FunctionBuilder,
  dtype: DType,
  half: boolean,
  address: Address,
  value: Vector,
  offset = 0,
): void {
  const [base, more] = addressed(address, offset);
  if (dtype === "bool") body.storeMasks(base, value, half, more);
  else if (half && dtype !== "float64") body.storeHalf(base, value, more);
  else body.store(base, value, more);
}

/** Stores one lane of a vector. Default: the first */
export function storeElement(
  body: FunctionBuilder,
  dtype: DType,
  address: Address,
  value: Vector,
  { lane = 0, offset = 0 }: { readonly lane?: number; readonly offset?: number } = {},
): void {
  const [base, more] = addressed(address, offset);
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

/** An address and a constant offset for a load or store. Instructions take no negative offset, so that one is added to the address. */
function addressed(address: Address, offset: number): readonly [Address, number] {
  return offset >= 0 ? [address, offset] : [i32.add(address, i32.const(offset)), 0];
}
