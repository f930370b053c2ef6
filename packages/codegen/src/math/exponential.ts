import { coefficients } from "./coefficients.js";
import type { Lanes, Vector } from "./lanes.js";
import { v128 } from "../machine/expression.js";
import type { Local } from "../machine/function-builder.js";

/** x = n · ln 2 + r with an integer n and |r| ≤ ln 2 / 2. If x is NaN, r is NaN and n is undefined. */
interface Reduced {
  readonly n: Local<"v128">;
  readonly r: Local<"v128">;
  /** x − n times the first part of ln 2. It is exact; r differs from it by n times the second part. */
  readonly exact: Vector;
}

/** Outside this range of x, eˣ is 0 or infinite after rounding. */
const ends = { float32: { low: -104, high: 89 }, float64: { low: -746, high: 710 } } as const;
/** Up to this size of x, eˣ and its power of two are normal numbers. */
const ordinary = { float32: 87, float64: 708 } as const;

/** `below` is a small correction that is added to x: the part of the exact argument below the last digit of x. */
export function reduceByLn2(lanes: Lanes, x: Local<"v128">, below?: Vector): Reduced {
  const [ln2, ln2Rest] = coefficients[lanes.dtype].ln2;
  const n = lanes.keep(lanes.roundProduct(x, Math.LOG2E));
  const exact = lanes.multiplySubtract(n, lanes.constant(ln2), x);
  const low = lanes.multiplySubtract(n, lanes.constant(ln2Rest), exact);
  return { n, r: lanes.keep(below === undefined ? low : lanes.add(low, below)), exact };
}

/** eʳ − 1 = r + r² · (½ + r/6 + …). Adding r last keeps the error below one unit in the last place of r. */
export function expm1OfRest(lanes: Lanes, r: Local<"v128">, tail: readonly number[]): Vector {
  return lanes.multiplyAdd(lanes.mul(r, r), lanes.polynomial(r, tail), r);
}

/** eʳ */
function exponentialOfRest(lanes: Lanes, r: Local<"v128">): Vector {
  return lanes.add(expm1OfRest(lanes, r, coefficients[lanes.dtype].exponentialTail), lanes.constant(1));
}

/** 2ⁿ · eʳ. The power of two is applied as two factors, because 2ⁿ may be out of range where the result is not. */
export function expOfReduced(lanes: Lanes, { n, r }: Reduced): Vector {
  const half = lanes.keep(lanes.roundProduct(n, 0.5));
  const exponential = exponentialOfRest(lanes, r);
  return lanes.mul(lanes.mul(exponential, lanes.powerOfTwo(half)), lanes.powerOfTwo(lanes.sub(n, half)));
}

/** eˣ */
export function exp(lanes: Lanes, x: Local<"v128">): Vector {
  const { body, dtype } = lanes;
  const result = lanes.keep(x);
  const rare = lanes.notAll(lanes.less(lanes.abs(x), lanes.constant(ordinary[dtype])));
  body.if(
    rare,
    () => {
      result.set(expAnywhere(lanes, x));
    },
    () => {
      const { n, r } = reduceByLn2(lanes, x);
      result.set(lanes.mul(exponentialOfRest(lanes, r), lanes.powerOfTwo(n)));
    },
  );
  return result;
}

/** eˣ, also where it is subnormal, 0, infinite or NaN. Elsewhere the result has the same bits as the fast path. */
function expAnywhere(lanes: Lanes, x: Local<"v128">): Vector {
  const { low, high } = ends[lanes.dtype];
  // Lanes whose result is 0 are computed with x = 0 instead: a result that underflows takes a processor a hundred times as long.
  const vanishes = lanes.keep(lanes.less(x, lanes.constant(low)));
  const others = v128.andNot(lanes.atMost(x, lanes.constant(high)), vanishes);
  return v128.andNot(expOfReduced(lanes, reduceByLn2(lanes, lanes.keep(others))), vanishes);
}

/** eˣ − 1 = 2ⁿ (eʳ − 1) + (2ⁿ − 1). For a small x, n is 0 and the result is eʳ − 1 without loss of digits. */
export function expm1(lanes: Lanes, x: Local<"v128">): Vector {
  // Below −40 the result is −1 in both types.
  const { value, missing } = boundedExpm1(lanes, lanes.clamp(x, -40, ends[lanes.dtype].high));
  return lanes.withSignOf(lanes.mul(value, lanes.powerOfTwo(missing)), x);
}

/** eˣ − 1 as a finite value times a power of two: near the upper end 2ⁿ is infinite and the result is not. */
function boundedExpm1(lanes: Lanes, x: Vector): { readonly value: Vector; readonly missing: Vector } {
  const reduced = reduceByLn2(lanes, lanes.keep(x));
  const bounded = lanes.keep(lanes.atMost(reduced.n, lanes.constant(lanes.format.bias)));
  const scale = lanes.keep(lanes.powerOfTwo(bounded));
  const value =
    lanes.dtype === "float32" ? scaledExpm1(lanes, reduced, scale) : longScaledExpm1(lanes, reduced, scale);
  return { value, missing: lanes.sub(reduced.n, bounded) };
}

/** 2ⁿ (eʳ − 1) + (2ⁿ − 1) */
function scaledExpm1(lanes: Lanes, { r }: Reduced, scale: Local<"v128">): Vector {
  const rest = expm1OfRest(lanes, r, coefficients[lanes.dtype].exponentialTail);
  return lanes.multiplyAdd(rest, scale, lanes.sub(scale, lanes.constant(1)));
}

/**
 * The same with one more multiplication and addition. For n = 1 the terms nearly cancel, so the rounding error of r would count
 * twice: the exact part of r is added to 2ⁿ − 1 first, and everything that is rounded is small.
 */
function longScaledExpm1(lanes: Lanes, { n, r, exact }: Reduced, scale: Local<"v128">): Vector {
  const { ln2, exponentialTail } = coefficients[lanes.dtype];
  const curved = lanes.mul(lanes.mul(r, r), lanes.polynomial(r, exponentialTail));
  const small = lanes.multiplySubtract(n, lanes.constant(ln2[1]), curved);
  const large = lanes.multiplyAdd(exact, scale, lanes.sub(scale, lanes.constant(1)));
  return lanes.multiplyAdd(small, scale, large);
}

/** sinh x = (e + e / (e + 1)) / 2 with e = eˣ − 1, which keeps the digits of a small x. */
export function sinh(lanes: Lanes, x: Local<"v128">): Vector {
  const { value, missing } = boundedExpm1(lanes, lanes.clamp(lanes.abs(x), 0, ends[lanes.dtype].high + 1));
  const e = lanes.keep(value);
  const twice = lanes.add(e, lanes.div(e, lanes.add(e, lanes.constant(1))));
  const power = lanes.mul(lanes.powerOfTwo(missing), lanes.constant(0.5));
  return lanes.withSignOf(lanes.mul(twice, power), x);
}

/** cosh x = (e + 1 / e) / 2 with e = e^|x| */
export function cosh(lanes: Lanes, x: Local<"v128">): Vector {
  const { value, missing } = boundedExpm1(lanes, lanes.clamp(lanes.abs(x), 0, ends[lanes.dtype].high + 1));
  const e = lanes.keep(lanes.add(value, lanes.constant(1)));
  const twice = lanes.add(e, lanes.div(lanes.constant(1), e));
  return lanes.mul(twice, lanes.mul(lanes.powerOfTwo(missing), lanes.constant(0.5)));
}

/**
 * 1 / (1 + e⁻ˣ) = 2⁻ʰ / (2⁻ʰ + 2ⁿ⁻ʰ eʳ) with −x = n · ln 2 + r and h ≈ n/2: neither term leaves the range, and the quotient
 * rounds once, down to the smallest subnormal.
 */
export function sigmoid(lanes: Lanes, x: Local<"v128">): Vector {
  const { low } = ends[lanes.dtype];
  const { n, r } = reduceByLn2(lanes, lanes.keep(lanes.clamp(lanes.neg(x), low, -low)));
  const half = lanes.keep(lanes.roundProduct(n, 0.5));
  const scale = lanes.keep(lanes.inversePowerOfTwo(half));
  const exponential = exponentialOfRest(lanes, r);
  return lanes.div(scale, lanes.multiplyAdd(exponential, lanes.powerOfTwo(lanes.sub(n, half)), scale));
}

/** tanh x = (e²ˣ − 1) / (e²ˣ + 1) = m / (m + 2) with m = e²ˣ − 1, which is accurate where x is small. */
export function tanh(lanes: Lanes, x: Local<"v128">): Vector {
  // From 2x = 40 on m + 2 rounds to m in both types.
  const { n, r } = reduceByLn2(lanes, lanes.keep(lanes.clamp(lanes.add(x, x), -40, 40)));
  const scale = lanes.keep(lanes.powerOfTwo(n));
  const rest = expm1OfRest(lanes, r, coefficients[lanes.dtype].exponentialTail);
  const m = lanes.keep(lanes.multiplyAdd(rest, scale, lanes.sub(scale, lanes.constant(1))));
  return lanes.withSignOf(lanes.div(m, lanes.add(m, lanes.constant(2))), x);
}
