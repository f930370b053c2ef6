import { DTypeError, formatShape } from "@stargrad/graph";
import { apply, type Tensor } from "../tensor.js";
import { castTo } from "../operands.js";
import { equal, isNaN, where } from "./elementwise.js";

export interface CheckOptions {
  /** Who is said to throw, as the user wrote it. */
  readonly called: string;
  /** What the codes 1, 2, 3, … mean. The texts become part of a program, so they must not differ from call to call. */
  readonly problems: readonly string[];
  /** What to try. */
  readonly hint?: string;
}

/**
 * The same codes, all of them 0. The program that computes them fails if one is not, and changes nothing then: no variable, no
 * gradient, also if they depend on none of the codes. A condition is a code too: what is true is 1.
 *
 * Who reads a result of that program gets the error: at once from an engine that is synchronous, and else with the next
 * read that is awaited. In a function that is recorded (`jit`) it is the way to refuse what should not count.
 *
 *     check(isNaN(loss), { called: "myStep", problems: ["the loss is NaN"] })
 *
 * Throws: DTypeError unless the codes are int32 or bool. When it is computed: CheckError with the first code that is not 0
 * Source: torch._assert_async
 */
export function check(codes: Tensor, { called, problems, hint = "" }: CheckOptions): Tensor {
  if (codes.dtype !== "int32" && codes.dtype !== "bool") {
    const got = `${codes.dtype} ${formatShape(codes.shape)}`;
    throw new DTypeError("check", `got codes ${got}; expected int32 or bool`, 'Cast with x.cast("int32")');
  }
  return apply("check", [castTo(codes, "int32")], { called, problems, hint });
}

/** For each element, int32: 0 if it is a finite number, 1 for NaN, 2 for ∞ and 3 for −∞. */
export function nonFiniteCode(x: Tensor): Tensor {
  return where(isNaN(x), 1, where(equal(x, Infinity), 2, where(equal(x, -Infinity), 3, 0)));
}
