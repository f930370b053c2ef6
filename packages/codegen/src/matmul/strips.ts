import { i32, type Expression } from "../machine/expression.js";
import { maximum, plus, times } from "./addressing.js";
import type { Element } from "./element.js";
import type { Plan } from "./plan.js";

type Int = Expression<"i32">;

/** The first row of a strip; for the index after the last strip, the number of rows. */
export function firstRowOf(strip: Int, { tile, strips, tallStrips }: Plan): Int {
  const asIfTall = times(strip, tile.rows);
  if (tallStrips === strips) return asIfTall;
  return i32.sub(asIfTall, maximum(i32.const(0), plus(strip, -tallStrips)));
}

/** The number of rows of a strip. */
export function heightOf(strip: Int, { tile, strips, tallStrips }: Plan): Int {
  if (tallStrips === strips) return i32.const(tile.rows);
  return i32.sub(i32.const(tile.rows), i32.greaterEqualSigned(strip, i32.const(tallStrips)));
}

/** The bytes from one packed strip to the next. They include a spare vector, because packing writes whole vectors past the last row. */
export function stripBytes({ tile, depth }: Plan, { size, vectorBytes }: Element): number {
  return depth * tile.rows * size + vectorBytes;
}
