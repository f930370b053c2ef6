import { i32, i32x4, v128, type Expression } from "../machine/expression.js";
import type { FunctionBuilder } from "../machine/function-builder.js";

/** aᵇ of int32 with wraparound, by squaring for each bit of b. The program has already checked that b is at least 0. */
export function integerPower(
  body: FunctionBuilder,
  a: Expression<"v128">,
  b: Expression<"v128">,
): Expression<"v128"> {
  const [square, bits] = [body.keep(a), body.keep(b)];
  const one = body.hoist(i32x4.splat(i32.const(1)));
  const power = body.keep(one);
  body.while(v128.anyTrue(bits), () => {
    const odd = i32x4.eq(v128.and(bits, one), one);
    power.set(v128.bitSelect(i32x4.mul(power, square), power, odd));
    square.set(i32x4.mul(square, square));
    bits.set(i32x4.shiftRightUnsigned(bits, i32.const(1)));
  });
  return power;
}
