import { i32, v128 } from "../machine/expression.js";
import type { FunctionReference, Local } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";
import type { Machine } from "../machine/machine.js";
import type { Element } from "./element.js";
import { freeRegisters, type Tile } from "./plan.js";

/**
 * Writes the inner loop: C[r, j] = Σ_p A[p, r] · B[p, j], or C[r, j] plus it if `accumulate` is not 0.
 *
 * Its parameters are `(a, …b, c, rowStride, accumulate)`: a packed strip of A, the location of B, the first element of the tile in
 * C, and the bytes from one row to the next. If B is `packed`, `b` is the panel and its end. If `inPlace`, it is the table of row
 * offsets, the end of the table, and the address of each vector of a row at offset 0.
 *
 * Sums start at 0 and are added in the order of p, so an element does not depend on its tile.
 *
 * V8 (Node 20) moves all loads of a basic block to its start. Each element of A would then take a register and sums would be spilled
 * to memory: 9 cycles for a step that can take 7. So branches that are never taken divide the loop into blocks that fit in the
 * registers. Newer versions do not need these branches, and they cost no time there.
 */
export function emitTile(
  module: ModuleBuilder,
  element: Element,
  tile: Tile,
  machine: Machine,
  panels: "packed" | "inPlace",
): FunctionReference<null> {
  const { rows, vectors } = tile;
  const { vectorBytes } = element;
  const ofB = panels === "packed" ? 2 : 2 + vectors;
  return module.function(
    { parameters: Array.from({ length: ofB + 4 }, () => "i32" as const), result: null },
    (body, a, b, bEnd, ...others) => {
      const starts = others.slice(0, ofB - 2);
      const [c, rowStride, accumulate] = others.slice(ofB - 2);
      const vectorLocals = (): Local<"v128">[] => Array.from({ length: vectors }, () => body.local("v128"));
      const sums = Array.from({ length: rows }, vectorLocals);
      const row = vectorLocals();
      const factor = body.local("v128");
      const rowsAtOnce = Math.max(1, freeRegisters(tile, machine));
      // Neither address is ever 0. Each is tested only once, because V8 would remove a second test of the same value.
      const borders = new Map([
        [rowsAtOnce, b],
        [2 * rowsAtOnce, a],
      ]);
      const offset = body.local("i32");
      body.while(i32.lessUnsigned(b, bEnd), () => {
        if (panels === "inPlace") offset.set(i32.load(b));
        for (const [j, vector] of row.entries()) {
          vector.set(
            panels === "packed" ? v128.load(b, vectorBytes * j) : v128.load(i32.add(starts[j], offset)),
          );
        }
        for (const [r, sumsOfRow] of sums.entries()) {
          const address = borders.get(r);
          if (address !== undefined) body.breakIf(i32.eqz(address));
          factor.set(element.loadSplat(a, r * element.size));
          for (const [j, sum] of sumsOfRow.entries()) {
            sum.set(element.multiplyAdd(factor, row[j], sum, machine.relaxed));
          }
        }
        a.set(i32.add(a, i32.const(rows * element.size)));
        b.set(i32.add(b, i32.const(panels === "packed" ? vectorBytes * vectors : 4)));
      });
      body.if(accumulate, () => {
        const target = body.keep(c);
        for (const sumsOfRow of sums) {
          for (const [j, sum] of sumsOfRow.entries())
            sum.set(element.add(v128.load(target, vectorBytes * j), sum));
          target.set(i32.add(target, rowStride));
        }
      });
      for (const sumsOfRow of sums) {
        for (const [j, sum] of sumsOfRow.entries()) body.store(c, sum, vectorBytes * j);
        c.set(i32.add(c, rowStride));
      }
    },
  );
}
