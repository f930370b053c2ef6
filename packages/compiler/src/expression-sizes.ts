import type { Leaf, LoopExpression } from "./kernel.js";

/** The size of an expression. */
export interface ExpressionSize {
  /** The number of its operations and leaves. A shared part counts once for each use. */
  readonly parts: number;
  /** Its leaves, without duplicates. */
  readonly leaves: readonly Leaf[];
}

/** Caches the sizes of expressions. Each size is computed from the sizes of its operands. */
export class ExpressionSizes {
  readonly #known = new Map<LoopExpression, ExpressionSize>();

  of(expression: LoopExpression): ExpressionSize {
    if (expression.kind !== "apply") return { parts: 1, leaves: [expression] };
    const known = this.#known.get(expression);
    if (known !== undefined) return known;
    const size = this.ofAll(expression.inputs);
    this.#known.set(expression, size);
    return size;
  }

  /** The size of one operation on these operands. */
  ofAll(operands: readonly LoopExpression[]): ExpressionSize {
    if (operands.length === 1) {
      const { parts, leaves } = this.of(operands[0]);
      return { parts: parts + 1, leaves };
    }
    const leaves: Leaf[] = [];
    let parts = 1;
    for (const operand of operands) {
      const size = this.of(operand);
      parts += size.parts;
      // A linear search is fast enough: the number of leaves hardly ever exceeds the limit of a kernel, which is small.
      for (const leaf of size.leaves) if (!leaves.includes(leaf)) leaves.push(leaf);
    }
    return { parts, leaves };
  }
}
