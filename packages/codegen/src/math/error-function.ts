import type { Local } from "../machine/function-builder.js";
import {
  errorFunctionBorder,
  errorFunctionEnd,
  errorFunctionQuotient,
  largeErrorFunction,
  smallErrorFunction,
} from "./coefficients.js";
import type { Lanes, Vector } from "./lanes.js";

/** erf x = 2/√π ∫₀ˣ e^(−t²) dt */
export function erf(lanes: Lanes, x: Local<"v128">): Vector {
  return lanes.dtype === "float32" ? erfOfFloat32(lanes, x) : erfOfFloat64(lanes, x);
}

/**
 * Near 0, x + x · P(x²). Elsewhere 1 − 1 / R(|x|)⁸: the subtraction from 1 reduces the errors of R and its powers. One formula
 * for the whole range would lose three bits.
 */
function erfOfFloat32(lanes: Lanes, x: Local<"v128">): Vector {
  const magnitude = lanes.keep(lanes.abs(x));
  const w = lanes.keep(lanes.mul(x, x));
  const near = lanes.multiplyAdd(lanes.polynomial(w, smallErrorFunction), magnitude, magnitude);
  // From 4 on the result rounds to 1. R is only fitted up to 4, so x is clamped there.
  const bounded = lanes.keep(lanes.atMost(magnitude, lanes.constant(4)));
  const root = lanes.keep(lanes.polynomial(bounded, largeErrorFunction));
  const square = lanes.keep(lanes.mul(root, root));
  const fourth = lanes.keep(lanes.mul(square, square));
  const one = lanes.constant(1);
  const far = lanes.sub(one, lanes.div(one, lanes.mul(fourth, fourth)));
  const isFar = lanes.greater(magnitude, lanes.constant(errorFunctionBorder));
  return lanes.withSignOf(lanes.select(isFar, far, near), x);
}

/**
 * x · P(x²) / Q(x²), one quotient for the whole range. All terms of P and Q are positive, so that nothing cancels. Beyond
 * `errorFunctionEnd` x² is clamped but x is not: the quotient exceeds 1 and the result is clamped to 1.
 */
function erfOfFloat64(lanes: Lanes, x: Local<"v128">): Vector {
  const [numerator, denominator] = errorFunctionQuotient;
  const w = lanes.keep(lanes.atMost(lanes.mul(x, x), lanes.constant(errorFunctionEnd)));
  const top = lanes.mul(lanes.polynomial(w, numerator), x);
  return lanes.clamp(lanes.div(top, lanes.polynomial(w, denominator)), -1, 1);
}
