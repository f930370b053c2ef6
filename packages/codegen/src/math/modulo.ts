import type { DType } from "@stargrad/graph";
import { f32x4, f64, f64x2, i32x4, i64, i64x2, v128, type Expression } from "../machine/expression.js";
import type { FunctionBuilder, Local } from "../machine/function-builder.js";

type Vector = Expression<"v128">;

/**
 * a − b·⌊a/b⌋, with the sign of b. It is computed in float64 for every type, and exact up to the final rounding. The program has
 * already rejected int32 divisors of 0; here they would give 0.
 */
export function modulo(body: FunctionBuilder, dtype: DType, a: Vector, b: Vector): Vector {
  switch (dtype) {
    case "float64":
      return floatModulo(body, a, b, scalesOfFloat64);
    case "float32": {
      const [low, high] = halves(body, f64x2.promoteLowF32, a, b).map(([x, y]) =>
        f32x4.demoteF64Zero(floatModulo(body, x, y, [])),
      );
      return v128.lowerHalves(low, high);
    }
    default: {
      const [low, high] = halves(body, f64x2.convertLowI32Signed, a, b).map(([x, y]) =>
        i32x4.truncSaturateF64Zero(integerModulo(body, x, y)),
      );
      return v128.lowerHalves(low, high);
    }
  }
}

/** A quotient of int32 is an integer, or further from one than the rounding error of float64; and every product is exact. */
function integerModulo(body: FunctionBuilder, a: Vector, b: Vector): Vector {
  const [x, y] = [body.keep(a), body.keep(b)];
  return f64x2.sub(x, f64x2.mul(f64x2.floor(f64x2.div(x, y)), y));
}

/** Multiplying the divisor by these factors, one after the other, brings any finite quotient of float64 into range. */
const scalesOfFloat64 = [2 ** 700, 2 ** 700];

/**
 * Long division, 26 bits of the quotient at a time; most operands need one step. The products of the truncated quotient with the
 * upper and the lower half of the divisor are exact, and so is the remainder, which may end up slightly below 0.
 * `scales`: factors by which a divisor may have to be multiplied, so that the quotient does not overflow.
 */
function floatModulo(body: FunctionBuilder, a: Vector, b: Vector, scales: readonly number[]): Vector {
  const [dividend, divisor] = [body.keep(a), body.keep(b)];
  const size = body.keep(f64x2.abs(divisor));
  const rest = body.keep(dividend);
  const unfinished = body.keep(f64x2.greaterEqual(f64x2.abs(rest), size));
  const upperBits = body.hoist(i64x2.splat(i64.const(-(1n << 27n))));
  const divide = (): void => {
    const scaled = body.keep(size);
    for (const scale of scales) {
      const larger = body.keep(f64x2.mul(scaled, body.hoist(f64x2.splat(f64.const(scale)))));
      scaled.set(v128.bitSelect(larger, scaled, f64x2.greaterEqual(f64x2.abs(rest), larger)));
    }
    const quotient = body.keep(f64x2.trunc(v128.and(f64x2.div(rest, scaled), upperBits)));
    const upper = body.keep(v128.and(scaled, upperBits));
    const lower = f64x2.sub(scaled, upper);
    const left = f64x2.sub(f64x2.sub(rest, f64x2.mul(quotient, upper)), f64x2.mul(quotient, lower));
    // An infinite dividend or a divisor of 0 gives NaN here, which ends the loop.
    rest.set(v128.bitSelect(left, rest, unfinished));
    unfinished.set(f64x2.greaterEqual(f64x2.abs(rest), size));
  };
  // One step is nearly always enough, and testing whether it is needed takes longer than doing it.
  divide();
  body.while(v128.anyTrue(unfinished), divide);
  const zero = body.hoist(f64x2.splat(f64.const(0)));
  const differ = v128.xor(f64x2.less(rest, zero), f64x2.less(divisor, zero));
  const add = v128.and(differ, f64x2.ne(rest, zero));
  const result = v128.bitSelect(f64x2.add(rest, divisor), rest, add);
  return v128.bitSelect(
    divisor,
    // A remainder of 0 has the dividend's sign.
    v128.bitSelect(v128.and(dividend, signs(body)), result, f64x2.eq(rest, zero)),
    f64x2.ne(divisor, divisor),
  );
}

function signs(body: FunctionBuilder): Local<"v128"> {
  return body.hoist(i64x2.splat(i64.const(-(1n << 63n))));
}

/** The lower and the upper halves of both operands, converted to float64. */
function halves(body: FunctionBuilder, widen: (x: Vector) => Vector, a: Vector, b: Vector): Vector[][] {
  const [x, y] = [body.keep(a), body.keep(b)];
  return [[x, y].map(widen), [x, y].map((each) => widen(v128.upperHalf(each)))];
}
