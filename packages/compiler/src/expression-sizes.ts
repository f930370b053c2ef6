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
    const known = this.#known.get(expression);
    if (known !== undefined) return known;
    const size =
      expression.kind === "apply" ? this.together(expression.inputs) : { parts: 0, leaves: [expression] };
    const whole = { parts: 1 + size.parts, leaves: size.leaves };
    this.#known.set(expression, whole);
    return whole;
  }

  /** The size of several, as if they were the operands of one. */
  together(expressions: readonly LoopExpression[]): ExpressionSize {
    const sizes = expressions.map((expression) => this.of(expression));
    if (sizes.length === 1) return sizes[0];
    const leaves = new Set<Leaf>();
    let parts = 0;
    for (const size of sizes) {
      parts += size.parts;
      for (const leaf of size.leaves) leaves.add(leaf);
    }
    return { parts, leaves: [...leaves] };
  }
}
