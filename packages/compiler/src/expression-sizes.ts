import type { Leaf, LoopExpression } from "./kernel.js";

/** How much a loop has to do for an expression. */
export interface ExpressionSize {
  /** How many operations and leaves it has. One that several parts share counts for each of them. */
  readonly parts: number;
  /** What it reads, each once. */
  readonly leaves: readonly Leaf[];
}

/** The sizes of expressions that grow from one another: each is found from those of its operands. */
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

  /** The size of an operation on these operands. */
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
      // There are hardly ever more than an expression may have, which are few.
      for (const leaf of size.leaves) if (!leaves.includes(leaf)) leaves.push(leaf);
    }
    return { parts, leaves };
  }
}
