import { DTypeError, formatShape } from "@stargrad/graph";
import { apply, type Tensor } from "../tensor.js";
import { castTo } from "../operands.js";
import { input, operation } from "../operation.js";
import { equal, isNaN, where } from "./elementwise.js";

export interface CheckOptions {
  /** The name of the throwing function in the error, as the user calls it. */
  readonly called: string;
  /** Messages for the codes 1, 2, 3, …. They become part of the compiled program, so they should not vary between calls. */
  readonly problems: readonly string[];
  /** What the user can try. */
  readonly hint?: string;
}

/**
 * Returns the codes, after checking that all of them are 0. If a code is not 0, the whole program that computes it fails and
 * changes no variable and no gradient, including those that do not depend on the codes. A bool condition is a code too: true
 * is 1.
 *
 * The error is thrown when a result of that program is read: immediately by a synchronous engine, otherwise by the next awaited
 * read. Use it inside of a recorded function (`jit`), which cannot read values, to reject a step.
 *
 *     check(isNaN(loss), { called: "myStep", problems: ["the loss is NaN"] })
 *
 * Throws: DTypeError unless the codes are int32 or bool. When it is computed: CheckError with the first code that is not 0
 * Source: torch._assert_async
 */
export const check = /* @__PURE__ */ operation(
  "check",
  [input, ["called", "problems", "hint"]],
  (codes: Tensor, { called, problems, hint = "" }: CheckOptions): Tensor => {
    if (codes.dtype !== "int32" && codes.dtype !== "bool") {
      const got = `${codes.dtype} ${formatShape(codes.shape)}`;
      throw new DTypeError("check", `got codes ${got}; expected int32 or bool`, 'Cast with x.cast("int32")');
    }
    return apply("check", [castTo(codes, "int32")], { called, problems: [...problems], hint });
  },
);

/** An int32 code per element: 0 for a finite number, 1 for NaN, 2 for ∞ and 3 for −∞. */
export function nonFiniteCode(x: Tensor): Tensor {
  return where(isNaN(x), 1, where(equal(x, Infinity), 2, where(equal(x, -Infinity), 3, 0)));
}
