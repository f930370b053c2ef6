import { v128 } from "../machine/expression.js";
import type { Local } from "../machine/function-builder.js";
import { piParts, tangentTail } from "./coefficients.js";
import { largestQuick } from "./huge-angles.js";
import type { Lanes, Vector } from "./lanes.js";
import { cos, sin } from "./sine.js";

/** tan x */
export function tan(lanes: Lanes, x: Local<"v128">): Vector {
  if (lanes.dtype === "float32") return quotient(lanes, x);
  const result = lanes.keep(tangent(lanes, x));
  const isHuge = lanes.keep(lanes.greater(lanes.abs(x), lanes.constant(largestQuick)));
  lanes.body.if(v128.anyTrue(isHuge), () => {
    result.set(lanes.select(isHuge, quotient(lanes, x), result));
  });
  return result;
}

/** sin x / cos x, within 4 units of the last place */
function quotient(lanes: Lanes, x: Local<"v128">): Vector {
  const sine = lanes.keep(sin(lanes, x));
  return lanes.div(sine, cos(lanes, x));
}

/**
 * tan x of float64 for |x| ≤ 2²⁰, within 1 unit of the last place: with r = x − n π/2 it is tan r for even n, and −1 / tan r for
 * odd n. As |r| ≤ π/4, tan r = r + r³ · tail. Near its poles the tangent multiplies the error of r, so the remainder below the
 * last digit of r is kept too.
 */
function tangent(lanes: Lanes, x: Local<"v128">): Vector {
  const one = lanes.constant(1);
  const { n, r, rest } = quarterAngle(lanes, x);
  const w = lanes.keep(lanes.mul(r, r));
  const curve = lanes.keep(lanes.mul(lanes.mul(r, w), lanes.polynomial(w, tangentTail)));
  const rough = lanes.keep(lanes.add(r, curve));
  // The derivative of the tangent is 1 + tan².
  const low = lanes.keep(lanes.multiplyAdd(rest, lanes.multiplyAdd(rough, rough, one), curve));
  const even = lanes.keep(lanes.add(r, low));
  const isOdd = lanes.less(v128.or(lanes.signOfOdd(n), one), lanes.constant(0));
  // −0 + 0 is 0, so the sign of a zero is put back.
  return lanes.select(isOdd, negativeInverse(lanes, even, r, low), lanes.withSignOf(lanes.abs(even), r));
}

/** r = x − n π/2 for the nearest integer n, and the remainder below the last digit of r. */
function quarterAngle(lanes: Lanes, x: Local<"v128">) {
  const [first, second, third] = piParts.map((part) => lanes.constant(part / 2));
  const n = lanes.keep(lanes.roundProduct(x, 2 / Math.PI));
  // The first two products are exact, and so is the first difference.
  const coarse = lanes.keep(lanes.multiplySubtract(n, first, x));
  const step = lanes.keep(lanes.mul(n, second));
  const fine = lanes.keep(lanes.sub(coarse, step));
  const rounding = lanes.sub(lanes.sub(coarse, fine), step);
  const missing = lanes.keep(lanes.sub(lanes.mul(n, third), rounding));
  const r = lanes.keep(lanes.sub(fine, missing));
  return { n, r, rest: lanes.sub(lanes.sub(fine, r), missing) };
}

/** −1 / t for t = r + low. The quotient q is corrected by what q t lacks of −1, which is exact in the upper halves of q and t. */
function negativeInverse(lanes: Lanes, t: Local<"v128">, r: Vector, low: Vector): Vector {
  const half = lanes.bits(-(1n << 32n));
  const upper = lanes.keep(v128.and(t, half));
  const lower = lanes.sub(low, lanes.sub(upper, r));
  const q = lanes.keep(lanes.div(lanes.constant(-1), t));
  const upperOfQ = lanes.keep(v128.and(q, half));
  const lacking = lanes.multiplyAdd(upperOfQ, lower, lanes.multiplyAdd(upperOfQ, upper, lanes.constant(1)));
  return lanes.multiplyAdd(q, lacking, upperOfQ);
}
