import { v128 } from "../machine/expression.js";
import type { Local } from "../machine/function-builder.js";
import { coefficients } from "./coefficients.js";
import type { Lanes, Vector } from "./lanes.js";

/** Subnormal numbers are multiplied by 2 to this power, which makes them normal. */
const lift = { float32: 25, float64: 54 } as const;

/**
 * ln(m · 2ᵏ) = k ln 2 + ln(1 + f) with f = m − 1. With s = f / (2 + f), ln(1 + f) = 2 artanh s, and written as
 * f − (f²/2 − s · (f²/2 + s² · tail)) its large part f is exact.
 *
 * `correction` is a small number added to the result.
 */
function logOfOrdinary(lanes: Lanes, x: Local<"v128">, correction?: Vector): Vector {
  const {
    ln2: [ln2, ln2Rest],
    logarithmTail,
  } = coefficients[lanes.dtype];
  const { exponent, fraction } = lanes.split(x);
  const k = lanes.keep(exponent);
  const f = lanes.keep(lanes.sub(fraction, lanes.constant(1)));
  const s = lanes.keep(lanes.div(f, lanes.add(f, lanes.constant(2))));
  const z = lanes.keep(lanes.mul(s, s));
  const halfSquare = lanes.keep(lanes.mul(lanes.mul(f, lanes.constant(0.5)), f));
  const tail = lanes.multiplyAdd(lanes.polynomial(z, logarithmTail), z, halfSquare);
  const kRest = lanes.mul(k, lanes.constant(ln2Rest));
  const small = lanes.multiplyAdd(s, tail, correction === undefined ? kRest : lanes.add(kRest, correction));
  const minusLog = lanes.sub(lanes.sub(halfSquare, small), f);
  return lanes.sub(lanes.mul(k, lanes.constant(ln2)), minusLog);
}

/** ln x */
export function log(lanes: Lanes, x: Local<"v128">): Vector {
  const { body, format, dtype } = lanes;
  const rare = body.keep(lanes.notAll(lanes.isOrdinary(x)));
  const lifted = lanes.keep(x);
  body.if(rare, () => {
    const subnormal = lanes.less(x, lanes.constant(format.smallestNormal));
    lifted.set(lanes.select(subnormal, lanes.mul(x, lanes.constant(2 ** lift[dtype])), x));
  });
  const result = lanes.keep(logOfOrdinary(lanes, lifted));
  body.if(rare, () => {
    const subnormal = lanes.less(x, lanes.constant(format.smallestNormal));
    const lowered = lanes.sub(result, v128.and(subnormal, lanes.constant(lift[dtype] * Math.LN2)));
    result.set(withEnds(lanes, x, lowered, 0));
  });
  return result;
}

/**
 * ln(1 + x). The rounding error of u = 1 + x is c = x − (u − 1), and ln(1 + x) = ln u + ln(1 + c/u) ≈ ln u + c/u.
 * For a tiny x, u is 1 and c is x.
 */
export function log1p(lanes: Lanes, x: Local<"v128">): Vector {
  const { body } = lanes;
  const one = lanes.constant(1);
  const u = lanes.keep(lanes.add(x, one));
  const rest = lanes.sub(x, lanes.sub(u, one));
  const result = lanes.keep(lanes.withSignOf(logOfOrdinary(lanes, u, lanes.div(rest, u)), x));
  // If u is positive, it is at least the distance from 1 to the next number, so it is never subnormal.
  body.if(lanes.notAll(lanes.isOrdinary(u)), () => {
    result.set(withEnds(lanes, x, result, -1));
  });
  return result;
}

/** Corrects a logarithm of x − start where x is −∞ … start, ∞ or NaN. */
function withEnds(lanes: Lanes, x: Vector, result: Vector, start: number): Vector {
  const infinity = lanes.constant(Infinity);
  const atStart = lanes.equal(x, lanes.constant(start));
  const outside = v128.not(lanes.greaterEqual(x, lanes.constant(start)));
  const upper = lanes.select(lanes.equal(x, infinity), infinity, result);
  return v128.or(lanes.select(atStart, lanes.constant(-Infinity), upper), outside);
}
