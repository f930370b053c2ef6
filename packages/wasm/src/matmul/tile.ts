import { i32, v128 } from "../assembler/expression.js";
import type { FunctionReference, Local } from "../assembler/function-builder.js";
import type { ModuleBuilder } from "../assembler/module-builder.js";
import type { Element } from "./element.js";
import type { Tile } from "./plan.js";

/**
 * Writes the inner loop: C[r, j] = Σ_p A[p, r] · B[p, j], or C[r, j] plus it if `accumulate` is not 0.
 *
 * Its parameters are `(a, b, bEnd, c, rowStride, accumulate)`: a packed strip of A, a packed panel of B and its end, the
 * first element of the tile in C and the bytes from row to row. Sums start at 0 and grow in the order of p, so an element does
 * not depend on the tile it is in.
 */
export function emitTile(
  module: ModuleBuilder,
  element: Element,
  { rows, vectors }: Tile,
  relaxed: boolean,
): FunctionReference<null> {
  return module.function(
    { parameters: ["i32", "i32", "i32", "i32", "i32", "i32"], result: null },
    (body, a, b, bEnd, c, rowStride, accumulate) => {
      const vectorLocals = (): Local<"v128">[] => Array.from({ length: vectors }, () => body.local("v128"));
      const sums = Array.from({ length: rows }, vectorLocals);
      const row = vectorLocals();
      const factor = body.local("v128");
      body.while(i32.lessUnsigned(b, bEnd), () => {
        for (const [j, vector] of row.entries()) vector.set(v128.load(b, 16 * j));
        for (const [r, sumsOfRow] of sums.entries()) {
          factor.set(element.loadSplat(a, r * element.size));
          for (const [j, sum] of sumsOfRow.entries()) {
            sum.set(element.multiplyAdd(factor, row[j], sum, relaxed));
          }
        }
        a.set(i32.add(a, i32.const(rows * element.size)));
        b.set(i32.add(b, i32.const(16 * vectors)));
      });
      body.if(accumulate, () => {
        const target = body.keep(c);
        for (const sumsOfRow of sums) {
          for (const [j, sum] of sumsOfRow.entries()) sum.set(element.add(v128.load(target, 16 * j), sum));
          target.set(i32.add(target, rowStride));
        }
      });
      for (const sumsOfRow of sums) {
        for (const [j, sum] of sumsOfRow.entries()) body.store(c, sum, 16 * j);
        c.set(i32.add(c, rowStride));
      }
    },
  );
}
