import { floats } from "@stargrad/graph/internal";
import { widestFloat } from "../engine.js";
import { castOperand, checkBroadcast, resultType, type Operand } from "../operands.js";
import { input, operand, operation } from "../operation.js";
import type { Tensor } from "../tensor.js";
import {
  abs,
  add,
  equal,
  isFinite,
  isNaN,
  lessEqual,
  logicalAnd,
  logicalOr,
  mul,
  sub,
} from "./elementwise.js";
import { all } from "./reduction.js";

export interface AllCloseOptions {
  /** Default: 1e-5 */
  readonly relativeTolerance?: number;
  /** Default: 1e-8 */
  readonly absoluteTolerance?: number;
  /** Whether NaN is close to NaN. Default: false */
  readonly equalNaN?: boolean;
}

/**
 * Whether all elements are close: `|a − b| ≤ absoluteTolerance + relativeTolerance · |b|`. Equal infinities are close; tensors
 * without elements are, too. Read the result with `item`: 1 is true, 0 is false.
 *
 *     if ((await allClose(a, b).item()) === 1) …
 *
 * Shapes: a [A], b [B], which broadcast; the result is a bool []
 * Throws: ShapeError if the shapes do not broadcast; ArgumentError if a tolerance is negative
 * Source: torch.allclose, numpy.allclose
 */
export const allClose = /* @__PURE__ */ operation(
  "allClose",
  [input, operand, ["relativeTolerance", "absoluteTolerance", "equalNaN"]],
  (a: Tensor, b: Operand, options: AllCloseOptions) => {
    const { relativeTolerance = 1e-5, absoluteTolerance = 1e-8, equalNaN = false } = options;
    checkBroadcast("allClose", a, b);
    const common = resultType(a, b);
    // In a float, because the difference of two integers may not be an int32.
    const dtype = floats.includes(common) ? common : widestFloat();
    const [x, y] = [castOperand(a, dtype), castOperand(b, dtype)];
    const distance = abs(sub(x, y));
    const bound = add(mul(abs(y), relativeTolerance), absoluteTolerance);
    const close = logicalOr(equal(x, y), logicalAnd(isFinite(distance), lessEqual(distance, bound)));
    return all(equalNaN ? logicalOr(close, logicalAnd(isNaN(x), isNaN(y))) : close);
  },
) as (a: Tensor, b: Operand, options?: AllCloseOptions) => Tensor<[]>;
