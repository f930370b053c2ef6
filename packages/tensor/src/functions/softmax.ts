import { normalizeAxes, normalizeAxis } from "@stargrad/graph/internal";
import type { AlongAxis, AxisOption } from "../axis-types.js";
import { toFloat } from "../operands.js";
import { input, operation } from "../operation.js";
import type { Tensor } from "../tensor.js";
import { add, div, exp, isFinite, isNaN, less, log, logicalOr, detach, sub, where } from "./elementwise.js";
import { squeeze } from "./movement.js";
import { amax, sum, type Reducer, type ReductionOptions } from "./reduction.js";

/** `ln Σ eˣ`, shifted by the largest x so that nothing overflows; −∞ for a row of −∞. Source: torch.logsumexp */
export const logsumexp = operation(
  "logsumexp",
  [input, ["axis", "keepDims"]],
  (x: Tensor, options: ReductionOptions): Tensor => {
    normalizeAxes("logsumexp", options.axis, x.ndim);
    const real = toFloat(x);
    if (x.size === 0) return log(sum(exp(real), options));
    const shift = finiteMax(real, options);
    const total = log(sum(exp(sub(real, shift)), { ...options, keepDims: true }));
    const kept = add(total, shift);
    return options.keepDims === true ? kept : squeeze(kept, options.axis ?? allAxes(x));
  },
) as Reducer;

/**
 * `eˣ / Σ eˣ` along an axis (default: the last), shifted so that nothing overflows. NaN along an axis that contains ∞ or NaN, or
 * nothing but −∞.
 *
 * Source: torch.nn.functional.softmax
 */
export const softmax = operation("softmax", [input, ["axis"]], (x: Tensor, { axis = -1 }: AxisOption) => {
  normalizeAxis("softmax", axis, x.ndim);
  const real = toFloat(x);
  if (x.size === 0) return real;
  const powers = exp(sub(real, largest(real, axis)));
  return div(powers, sum(powers, { axis, keepDims: true }));
}) as AlongAxis;

/**
 * `x − ln Σ eˣ` along an axis (default: the last): the logarithm of `softmax`, finite also where `softmax` underflows to 0. NaN
 * where `softmax` is.
 *
 * Source: torch.nn.functional.log_softmax
 */
export const logSoftmax = operation(
  "logSoftmax",
  [input, ["axis"]],
  (x: Tensor, { axis = -1 }: AxisOption) => {
    normalizeAxis("logSoftmax", axis, x.ndim);
    const real = toFloat(x);
    if (x.size === 0) return real;
    const shifted = sub(real, largest(real, axis));
    const powers = exp(where(less(shifted, negligible), -Infinity, shifted));
    return sub(shifted, log(sum(powers, { axis, keepDims: true })));
  },
) as AlongAxis;

/**
 * ln 10⁻³⁰: a probability that is too small to change a sum or a gradient. Below it, exp is replaced by 0. Otherwise the
 * gradients of a confident classifier become subnormal numbers, which make products about ten times slower.
 */
const negligible = -69;

function largest(x: Tensor, axis: number): Tensor {
  return detach(amax(x, { axis, keepDims: true }));
}

/** The largest element as a shift: 0 where it is infinite, because ∞ − ∞ would be NaN. */
function finiteMax(x: Tensor, options: ReductionOptions): Tensor {
  const largest = detach(amax(x, { ...options, keepDims: true }));
  return where(logicalOr(isFinite(largest), isNaN(largest)), largest, 0);
}

function allAxes(x: Tensor): number[] {
  return x.shape.map((_, axis) => axis);
}
