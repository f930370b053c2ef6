import { formatShape, ShapeError, type Shape } from "@stargrad/graph";
import { normalizeAxis } from "@stargrad/graph/internal";
import type { AxisOption } from "../axis-types.js";
import { toFloat } from "../operands.js";
import { input, operation } from "../operation.js";
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
import { narrow } from "./movement.js";

/** `max(x, 0)`; the gradient at 0 is 0, and NaN stays NaN. Source: torch.nn.functional.relu */
export const relu = operation("relu", [input], (x: Tensor) => where(lessEqual(x, 0), 0, x)) as Unary;

/** `x · sigmoid(x)`, also called swish. Source: torch.nn.functional.silu */
export const silu = operation("silu", [input], (x: Tensor) => mul(x, sigmoid(x))) as Unary;

export interface GELUOptions {
  readonly approximate?: "none" | "tanh";
}

/**
 * `x · Φ(x)`, where Φ is the cumulative distribution function of the normal distribution: exact, or approximated by tanh.
 *
 * Defaults: approximate "none"
 *
 * Source: Hendrycks & Gimpel, "Gaussian Error Linear Units", 2016; torch.nn.functional.gelu
 */
export const gelu = operation(
  "gelu",
  [input, ["approximate"]],
  (x: Tensor, { approximate = "none" }: GELUOptions) => {
    const share =
      approximate === "none"
        ? erf(mul(x, Math.SQRT1_2))
        : tanh(mul(mul(x, Math.sqrt(2 / Math.PI)), add(1, mul(mul(x, x), 0.044715))));
    return mul(mul(x, 0.5), add(share, 1));
  },
) as <S extends Shape>(x: Tensor<S>, options?: GELUOptions) => Tensor<S>;

/**
 * `ln(1 + eˣ)`. Positive and negative x are computed by separate formulas, so that no power overflows. Both are smooth at 0,
 * unlike a formula with `|x|`.
 *
 * Source: torch.nn.functional.softplus with beta 1
 */
export const softplus = operation("softplus", [input], (x: Tensor) => {
  const real = toFloat(x);
  const positive = lessEqual(0, real);
  const upper = where(positive, real, 0);
  const lower = where(positive, 0, real);
  return where(positive, add(upper, log1p(exp(neg(upper)))), log1p(exp(lower)));
}) as Unary;

/**
 * `a · sigmoid(b)`, the gated linear unit: a is the first half of x along an axis, and b the second.
 *
 * Shapes: x […, 2n, …] -> […, n, …]
 * Defaults: axis −1
 * Throws: ShapeError if the axis has an odd length
 * Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2017, section 2; torch.nn.functional.glu
 */
export const glu = operation("glu", [input, ["axis"]], (x: Tensor, { axis = -1 }: AxisOption) => {
  const length = x.shape[normalizeAxis("glu", axis, x.ndim)];
  if (length % 2 !== 0) {
    throw new ShapeError(
      "glu",
      `got ${formatShape(x.shape)}, whose axis ${axis} is ${length} long; expected an even length`,
      "Half of the axis are values and half are their gates",
    );
  }
  const half = length / 2;
  return mul(narrow(x, axis, 0, half), sigmoid(narrow(x, axis, half, half)));
}) as (x: Tensor, options?: AxisOption | number) => Tensor;
