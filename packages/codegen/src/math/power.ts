import { f64x2, v128 } from "../machine/expression.js";
import type { Local } from "../machine/function-builder.js";
import {
  coefficients,
  longLogarithmTail,
  longLogarithmTailRest,
  shortExponentialTail,
  shortLogarithmTail,
} from "./coefficients.js";
import { expm1OfRest, expOfReduced, reduceByLn2 } from "./exponential.js";
import type { Lanes, Vector } from "./lanes.js";
import { joinHalves } from "./sine.js";

/** xʸ = e^(y ln |x|), with the sign of x where y is odd. */
export function pow(lanes: Lanes, x: Local<"v128">, y: Local<"v128">): Vector {
  const { body } = lanes;
  const rare = body.keep(lanes.notAll(v128.and(lanes.isOrdinary(x), lanes.equal(y, y))));
  const magnitude = lanes.keep(lanes.abs(x));
  // An exponent beyond ±2⁶⁴ gives 0, 1 or ∞, as ±2⁶⁴ does. Clamping it prevents products that overflow or are ∞ · 0.
  const bounded = lanes.keep(lanes.clamp(y, -(2 ** 64), 2 ** 64));
  const result = lanes.keep(
    lanes.dtype === "float32"
      ? powerOfFloat32(lanes.as("float64"), magnitude, bounded)
      : powerOfFloat64(lanes, magnitude, bounded, rare),
  );
  body.if(rare, () => {
    result.set(withSpecialCases(lanes, x, y, result));
  });
  return result;
}

/**
 * The absolute error of y ln x is the relative error of the power, and y ln x reaches 100. So float32 is computed in float64, with
 * short polynomials.
 */
function powerOfFloat32(lanes: Lanes, x: Local<"v128">, y: Local<"v128">): Vector {
  const [low, high] = [
    [x, y],
    [v128.upperHalf(x), v128.upperHalf(y)],
  ].map(([x, y]) => {
    const { exponent, fraction } = lanes.split(lanes.keep(f64x2.promoteLowF32(x)));
    const m = lanes.keep(fraction);
    const s = lanes.keep(lanes.div(lanes.sub(m, lanes.constant(1)), lanes.add(m, lanes.constant(1))));
    const z = lanes.keep(lanes.mul(s, s));
    const series = lanes.multiplyAdd(lanes.polynomial(z, shortLogarithmTail), z, lanes.constant(2));
    const log = lanes.multiplyAdd(exponent, lanes.constant(Math.LN2), lanes.mul(series, s));
    const product = lanes.keep(lanes.clamp(lanes.mul(f64x2.promoteLowF32(y), log), -120, 120));
    const { n, r } = reduceByLn2(lanes, product);
    // All float32 results are normal numbers in float64, so the power of two need not be split into two factors.
    const fractionOfPower = lanes.add(expm1OfRest(lanes, r, shortExponentialTail), lanes.constant(1));
    return lanes.keep(lanes.mul(fractionOfPower, lanes.powerOfTwo(n)));
  });
  return joinHalves(low, high);
}

/**
 * No wider type than float64 exists, so ln x and its product with y are each represented as a sum of two numbers, where the second
 * is smaller than the last digit of the first.
 */
function powerOfFloat64(lanes: Lanes, x: Local<"v128">, y: Local<"v128">, rare: Local<"i32">): Vector {
  const { body, format } = lanes;
  const lifted = lanes.keep(x);
  const lift = 54;
  const subnormal = lanes.less(x, lanes.constant(format.smallestNormal));
  body.if(rare, () => {
    lifted.set(lanes.select(subnormal, lanes.mul(x, lanes.constant(2 ** lift)), x));
  });
  const { exponent, fraction } = lanes.split(lifted);
  const k = lanes.keep(exponent);
  body.if(rare, () => {
    k.set(lanes.sub(k, v128.and(subnormal, lanes.constant(lift))));
  });
  const log = longLog(lanes, lanes.keep(fraction), k);
  const product = longProduct(lanes, cut(lanes, y), cut(lanes, log.high));
  const rest = lanes.add(product.low, lanes.mul(y, log.low));
  const reduced = reduceByLn2(
    lanes,
    lanes.keep(lanes.clamp(product.high, -746, 710)),
    // Where `product.high` is clamped, the rest is meaningless; it is clamped too.
    lanes.clamp(rest, -(2 ** -40), 2 ** -40),
  );
  return expOfReduced(lanes, reduced);
}

/** A number with twice the digits: a float64, and the remainder below its last digit. */
interface Long {
  readonly high: Local<"v128">;
  readonly low: Vector;
}

/** k ln 2 + ln m, where ln m = 2s + s · z · tail with s = (m − 1) / (m + 1) and z = s². */
function longLog(lanes: Lanes, m: Local<"v128">, k: Local<"v128">): Long {
  const [ln2, ln2Rest] = coefficients.float64.ln2;
  const one = lanes.constant(1);
  const two = lanes.constant(2);
  const d = lanes.keep(lanes.add(m, one));
  const dRest = lanes.sub(m, lanes.sub(d, one));
  const f = lanes.keep(lanes.sub(m, one));
  const s = cut(lanes, lanes.div(f, d));
  const sd = longProduct(lanes, s, cut(lanes, d));
  const missing = lanes.sub(lanes.sub(lanes.sub(f, sd.high), sd.low), lanes.mul(s.whole, dRest));
  const sRest = lanes.keep(lanes.div(missing, d));

  const square = longProduct(lanes, s, s);
  const z = cut(lanes, square.high);
  const zRest = lanes.multiplyAdd(lanes.mul(s.whole, two), sRest, square.low);
  const [leading, ...others] = longLogarithmTail;
  const series = lanes.keep(lanes.mul(lanes.polynomial(z.whole, others), z.whole));
  const tail = longSum(lanes, lanes.constant(leading), series);
  const tailRest = lanes.add(tail.low, lanes.constant(longLogarithmTailRest));
  const q = longProduct(lanes, z, cut(lanes, tail.high));
  const qRest = lanes.add(q.low, lanes.multiplyAdd(z.whole, tailRest, lanes.mul(zRest, tail.high)));
  const sq = longProduct(lanes, s, cut(lanes, q.high));
  const sqRest = lanes.add(sq.low, lanes.multiplyAdd(s.whole, qRest, lanes.mul(sRest, q.high)));

  // The terms are added from the largest to the smallest. k ln 2 is exact, and larger than 2s unless it is 0.
  const first = longSum(
    lanes,
    lanes.keep(lanes.mul(k, lanes.constant(ln2))),
    lanes.keep(lanes.mul(s.whole, two)),
  );
  const second = longSum(lanes, first.high, sq.high);
  const small = lanes.multiplyAdd(k, lanes.constant(ln2Rest), lanes.multiplyAdd(sRest, two, sqRest));
  const rest = lanes.add(lanes.add(first.low, second.low), small);
  const sum = longSum(lanes, second.high, lanes.keep(rest));
  return { high: sum.high, low: lanes.keep(sum.low) };
}

/** a + b for |a| ≥ |b|, exactly. */
function longSum(lanes: Lanes, a: Vector, b: Local<"v128">): Long {
  const high = lanes.keep(lanes.add(a, b));
  return { high, low: lanes.sub(b, lanes.sub(high, a)) };
}

/** A number with its upper and lower halves, which are short enough that their products are exact. */
interface Cut {
  readonly whole: Local<"v128">;
  readonly upper: Local<"v128">;
  readonly lower: Local<"v128">;
}

function cut(lanes: Lanes, x: Vector): Cut {
  const whole = lanes.keep(x);
  const upper = lanes.keep(v128.and(whole, lanes.bits(-(1n << 27n))));
  return { whole, upper, lower: lanes.keep(lanes.sub(whole, upper)) };
}

/**
 * a · b, exact except for the rounding of the smallest terms. A relaxed multiply-add cannot be used here, because it may or may not
 * round the product.
 *
 * Source: T. J. Dekker, A Floating-Point Technique for Extending the Available Precision, 1971
 */
function longProduct(lanes: Lanes, a: Cut, b: Cut): Long {
  const high = lanes.keep(lanes.mul(a.whole, b.whole));
  const leading = lanes.sub(lanes.mul(a.upper, b.upper), high);
  const crossed = lanes.add(lanes.add(leading, lanes.mul(a.upper, b.lower)), lanes.mul(a.lower, b.upper));
  return { high, low: lanes.keep(lanes.add(crossed, lanes.mul(a.lower, b.lower))) };
}

/**
 * Applies the special cases of IEEE 754-2019, section 9.2.1, to the power of |x|: zero and infinite bases, the sign of odd powers,
 * NaN for negative bases with fractional exponents, and 1 for x⁰ and 1ʸ even if the other operand is NaN. Infinite exponents need no
 * special case, because they give the same result as ±2⁶⁴.
 */
function withSpecialCases(lanes: Lanes, x: Local<"v128">, y: Local<"v128">, power: Vector): Vector {
  const zero = lanes.constant(0);
  const one = lanes.constant(1);
  const infinity = lanes.constant(Infinity);
  const magnitude = lanes.keep(lanes.abs(x));
  const half = lanes.keep(lanes.mul(y, lanes.constant(0.5)));
  const whole = lanes.keep(lanes.equal(lanes.nearest(y), y));
  const odd = v128.and(whole, lanes.notEqual(lanes.nearest(half), half));
  const infinite = lanes.keep(lanes.equal(magnitude, infinity));
  const extreme = v128.or(infinite, lanes.equal(magnitude, zero));
  const grows = v128.xor(infinite, lanes.less(y, zero));
  const unsigned = lanes.select(extreme, v128.and(grows, infinity), power);
  const signed = v128.xor(unsigned, v128.and(lanes.signOf(x), odd));
  const negative = v128.andNot(lanes.less(x, zero), infinite);
  const unordered = v128.or(lanes.notEqual(x, x), lanes.notEqual(y, y));
  const invalid = v128.or(unordered, v128.andNot(negative, whole));
  const alwaysOne = v128.or(lanes.equal(y, zero), lanes.equal(x, one));
  return lanes.select(alwaysOne, one, v128.or(signed, invalid));
}
