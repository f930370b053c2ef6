import { f32x4, f64x2, v128 } from "../machine/expression.js";
import { callResult, type Local } from "../machine/function-builder.js";
import { coefficients, piParts } from "./coefficients.js";
import { largestQuick, replaceHuge } from "./huge-angles.js";
import type { Lanes, Vector } from "./lanes.js";

/** cos x is sin(x + π/2). */
export type Wave = "sine" | "cosine";

/** sin x */
export function sin(lanes: Lanes, x: Local<"v128">): Vector {
  const r = lanes.keep(angle(lanes, x, "sine"));
  return lanes.withSignOf(sineOfRest(lanes, r), r);
}

/** cos x */
export function cos(lanes: Lanes, x: Local<"v128">): Vector {
  return sineOfRest(lanes, lanes.keep(angle(lanes, x, "cosine")));
}

/** sin r = r + r³ · tail for |r| ≤ π/2 */
function sineOfRest(lanes: Lanes, r: Local<"v128">): Vector {
  const w = lanes.keep(lanes.mul(r, r));
  return lanes.multiplyAdd(lanes.mul(r, w), lanes.polynomial(w, coefficients[lanes.dtype].sineTail), r);
}

/** The angle in −π/2 … π/2 whose sine is the sine, or the cosine, of x, sign included. */
function angle(lanes: Lanes, x: Local<"v128">, wave: Wave): Vector {
  const { body } = lanes;
  const isHuge = v128.anyTrue(lanes.greater(lanes.abs(x), lanes.constant(largestQuick)));
  if (lanes.dtype === "float64") {
    const r = lanes.keep(quickAngle(lanes, x, wave));
    body.if(isHuge, () => {
      r.set(callResult(replaceHuge(lanes.shared, wave), x, r));
    });
    return r;
  }
  // float32 is reduced in float64: the parts of π are accurate enough for float32 even next to multiples of π.
  const double = lanes.as("float64");
  const halves = [x, v128.upperHalf(x)].map((half) => {
    const wide = lanes.keep(f64x2.promoteLowF32(half));
    return { wide, r: lanes.keep(quickAngle(double, wide, wave)) };
  });
  body.if(isHuge, () => {
    for (const { wide, r } of halves) r.set(callResult(replaceHuge(lanes.shared, wave), wide, r));
  });
  return joinHalves(halves[0].r, halves[1].r);
}

/** x − n π for the nearest integer n = m (sine) or the nearest half-integer n = m − ½ (cosine), negated where m is odd. */
function quickAngle(lanes: Lanes, x: Local<"v128">, wave: Wave): Vector {
  const [first, second, third] = piParts;
  const turns = lanes.mul(x, lanes.constant(1 / Math.PI));
  const half = lanes.constant(0.5);
  const m = lanes.keep(lanes.roundProduct(wave === "sine" ? turns : lanes.add(turns, half), 1));
  const n = wave === "sine" ? m : lanes.keep(lanes.sub(m, half));
  const rest = [first, second, third].reduce<Vector>(
    (rest, part) => lanes.multiplySubtract(n, lanes.constant(part), rest),
    x,
  );
  return v128.xor(rest, lanes.signOfOdd(m));
}

/** Converts two vectors of float64 to one vector of float32. */
export function joinHalves(low: Vector, high: Vector): Vector {
  return v128.lowerHalves(f32x4.demoteF64Zero(low), f32x4.demoteF64Zero(high));
}
