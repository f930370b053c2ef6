import { i32, type Expression } from "../machine/expression.js";
import { maximum, plus, times } from "./addressing.js";
import type { Element } from "./element.js";
import type { Plan } from "./plan.js";

type Int = Expression<"i32">;

/** The first row of a strip; of the strip past the last one, the number of rows. */
export function firstRowOf(strip: Int, { tile, strips, tallStrips }: Plan): Int {
  const asIfTall = times(strip, tile.rows);
  if (tallStrips === strips) return asIfTall;
  return i32.sub(asIfTall, maximum(i32.const(0), plus(strip, -tallStrips)));
}

/** The rows of a strip. */
export function heightOf(strip: Int, { tile, strips, tallStrips }: Plan): Int {
  if (tallStrips === strips) return i32.const(tile.rows);
  return i32.sub(i32.const(tile.rows), i32.greaterEqualSigned(strip, i32.const(tallStrips)));
}

/** From one packed strip to the next. The last group of rows is written as whole vectors, and may go beyond the strip. */
export function stripBytes({ tile, depth }: Plan, { size, vectorBytes }: Element): number {
  return depth * tile.rows * size + vectorBytes;
}
