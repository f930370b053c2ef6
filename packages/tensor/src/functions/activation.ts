import type { Shape } from "@stargrad/graph";
import { toFloat } from "../operands.js";
import type { Tensor } from "../tensor.js";
import {
  add,
  erf,
  exp,
  lessEqual,
  log1p,
  mul,
  neg,
  sigmoid,
  tanh,
  where,
  type Unary,
} from "./elementwise.js";

/** `max(x, 0)`; the gradient at 0 is 0, and NaN stays NaN. Source: torch.nn.functional.relu */
export const relu = ((x: Tensor) => where(lessEqual(x, 0), 0, x)) as Unary;

/** `x · sigmoid(x)`, also called swish. Source: torch.nn.functional.silu */
export const silu = ((x: Tensor) => mul(x, sigmoid(x))) as Unary;

/**
 * `x · Φ(x)`, where Φ is the cumulative distribution function of the normal distribution: exact, or approximated by tanh.
 *
 * Defaults: approximate "none"
 *
 * Source: Hendrycks & Gimpel, "Gaussian Error Linear Units", 2016; torch.nn.functional.gelu
 */
export function gelu<S extends Shape>(
  x: Tensor<S>,
  options?: { readonly approximate?: "none" | "tanh" },
): Tensor<S>;
export function gelu(
  x: Tensor,
  { approximate = "none" }: { readonly approximate?: "none" | "tanh" } = {},
): Tensor {
  const share =
    approximate === "none"
      ? erf(mul(x, Math.SQRT1_2))
      : tanh(mul(mul(x, Math.sqrt(2 / Math.PI)), add(1, mul(mul(x, x), 0.044715))));
  return mul(mul(x, 0.5), add(share, 1));
}

/**
 * `ln(1 + eˣ)`. Positive and negative x are computed by separate formulas, so that no power overflows. Both are smooth at 0,
 * unlike a formula with `|x|`.
 *
 * Source: torch.nn.functional.softplus with beta 1
 */
export const softplus = ((x: Tensor) => {
  const real = toFloat(x);
  const positive = lessEqual(0, real);
  const upper = where(positive, real, 0);
  const lower = where(positive, 0, real);
  return where(positive, add(upper, log1p(exp(neg(upper)))), log1p(exp(lower)));
}) as Unary;
