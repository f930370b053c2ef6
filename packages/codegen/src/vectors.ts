import type { DType } from "@stargrad/graph";
import { f32, f32x4, f64, f64x2, i32, i32x4, i64x2, v128, type Expression } from "./assembler/expression.js";
import type { FunctionBuilder } from "./assembler/function-builder.js";

/*
 * How elements of each type travel between memory and vectors; see spelling.ts for how they stand in the lanes.
 * `width` is how many elements a loop works on at a time: 4, or 2 in a loop that has float64 in it.
 */

export type Width = 2 | 4;
type Vector = Expression<"v128">;

type Address = Expression<"i32">;

const zero = v128.const(new Uint8Array(16));

/** As many neighbouring elements as the loop is wide. */
export function loadVector(dtype: DType, width: Width, address: Address, offset = 0): Vector {
  const at = placeOf(address, offset);
  switch (dtype) {
    case "bool":
      return boolMask(v128.load32Zero(...at));
    case "float64":
      return v128.load(...at);
    default:
      return width === 4 ? v128.load(...at) : v128.load64Zero(...at);
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
  width: Width,
  address: Address,
  value: Vector,
  offset = 0,
): void {
  const [base, more] = placeOf(address, offset);
  if (dtype === "bool") {
    const packed = v128.shuffle(value, zero, [0, 4, 8, 12, ...new Array<number>(12).fill(16)]);
    const bytes = body.keep(i32.and(i32x4.extract(packed, 0), i32.const(0x01010101)));
    if (width === 4) {
      body.store(base, bytes, more);
    } else {
      body.store8(base, bytes, more);
      body.store8(base, i32.shiftRightUnsigned(bytes, i32.const(8)), more + 1);
    }
  } else if (width === 4 || dtype === "float64") {
    body.store(base, value, more);
  } else {
    body.store(base, i64x2.extract(value, 0), more);
  }
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

/** Four bytes of 0 or 1 as four masks. */
function boolMask(bytes: Vector): Vector {
  return i32x4.neg(v128.shuffle(bytes, zero, [0, 16, 16, 16, 1, 16, 16, 16, 2, 16, 16, 16, 3, 16, 16, 16]));
}
