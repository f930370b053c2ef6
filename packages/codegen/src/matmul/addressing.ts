import { i32, select, type Expression } from "../machine/expression.js";
import type { Element } from "./element.js";

type Int = Expression<"i32">;

/** The smaller of two signed integers. Each is emitted twice, so both should be constants or locals. */
export function minimum(a: Int, b: Int): Int {
  return select(a, b, i32.lessSigned(a, b));
}

/** The larger of two signed integers. Each is emitted twice, so both should be constants or locals. */
export function maximum(a: Int, b: Int): Int {
  return select(a, b, i32.greaterSigned(a, b));
}

export function plus(a: Int, constant: number): Int {
  return constant === 0 ? a : i32.add(a, i32.const(constant));
}

export function times(a: Int, constant: number): Int {
  const shift = Math.log2(constant);
  if (shift === 0) return a;
  return Number.isInteger(shift) ? i32.shiftLeft(a, i32.const(shift)) : i32.mul(a, i32.const(constant));
}

/** The address of an entry of a table of byte offsets. */
export function entry(table: Int, index: Int): Int {
  return i32.add(table, times(index, 4));
}

/** Whether the next offsets of a table, one for each lane of a vector, address consecutive elements. */
export function consecutive({ lanes, size }: Element, offsets: Int): Int {
  return Array.from({ length: lanes - 1 }, (_, i): Int =>
    i32.eq(i32.sub(i32.load(offsets, 4 * (i + 1)), i32.load(offsets)), i32.const(size * (i + 1))),
  ).reduce((a, b) => i32.and(a, b));
}
