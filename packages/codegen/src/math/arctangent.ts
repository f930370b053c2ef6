import { v128 } from "../machine/expression.js";
import type { Local } from "../machine/function-builder.js";
import { coefficients } from "./coefficients.js";
import type { Lanes, Vector } from "./lanes.js";

/**
 * arctan x, by two reductions with one division. With a ≤ b the smaller and larger of |x| and 1, arctan |x| is arctan a/b, or
 * π/2 less that where |x| > 1. Where a/b > tan π/8, arctan a/b = π/4 + arctan z with z = (a − b) / (a + b); elsewhere z = a/b.
 * So |z| ≤ tan π/8, where arctan z = z + z³ · tail.
 */
export function atan(lanes: Lanes, x: Local<"v128">): Vector {
  const one = lanes.constant(1);
  const magnitude = lanes.keep(lanes.abs(x));
  const a = lanes.keep(lanes.atMost(magnitude, one));
  const b = lanes.keep(lanes.atLeast(magnitude, one));
  const middle = lanes.keep(lanes.greater(a, lanes.mul(b, lanes.constant(Math.SQRT2 - 1))));
  const z = lanes.keep(lanes.div(lanes.sub(a, v128.and(b, middle)), lanes.add(b, v128.and(a, middle))));
  const w = lanes.keep(lanes.mul(z, z));
  const [halfPi, halfPiRest] = coefficients[lanes.dtype].halfPi;
  const tail = lanes.polynomial(w, coefficients[lanes.dtype].arctangentTail);
  const quarterRest = v128.and(middle, lanes.constant(halfPiRest / 2));
  const small = lanes.add(lanes.multiplyAdd(lanes.mul(z, w), tail, quarterRest), z);
  const ratio = lanes.add(small, v128.and(middle, lanes.constant(halfPi / 2)));
  const beyond = lanes.keep(lanes.greater(magnitude, one));
  const turned = v128.xor(ratio, v128.and(beyond, lanes.constant(-0)));
  const rest = lanes.add(turned, v128.and(beyond, lanes.constant(halfPiRest)));
  return lanes.withSignOf(lanes.add(rest, v128.and(beyond, lanes.constant(halfPi))), x);
}
