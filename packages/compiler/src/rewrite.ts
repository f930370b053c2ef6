import type { Leaf, LoopExpression, LoopKernel } from "./kernel.js";
import type { Layout } from "./layout.js";

/**
 * Replaces the leaves of an expression; returns `null` if a leaf cannot be replaced. Shared parts stay shared, and unchanged parts
 * stay the same objects. Pass one `known` for several expressions to preserve parts that they share.
 */
export function replaceLeaves(
  expression: LoopExpression,
  replace: (leaf: Leaf) => LoopExpression | null,
  known = new Map<LoopExpression, LoopExpression | null>(),
): LoopExpression | null {
  const found = known.get(expression);
  if (found !== undefined) return found;
  let replaced: LoopExpression | null = expression;
  if (expression.kind === "apply") {
    const inputs: LoopExpression[] = [];
    let isChanged = false;
    for (const input of expression.inputs) {
      const other = replaceLeaves(input, replace, known);
      if (other === null) return null;
      isChanged ||= other !== input;
      inputs.push(other);
    }
    const { kind, dtype, primitive } = expression;
    if (isChanged) replaced = { kind, dtype, primitive, inputs };
  } else {
    replaced = replace(expression);
  }
  known.set(expression, replaced);
  return replaced;
}

/** Changes every layout of an expression; `null` if one of them cannot be changed. */
export function withLayouts(
  expression: LoopExpression,
  change: (layout: Layout) => Layout | null,
): LoopExpression | null {
  const moved = (leaf: Leaf): LoopExpression | null => {
    const layout = change(leaf.layout);
    return layout && { ...leaf, layout };
  };
  return expression.kind === "apply" ? replaceLeaves(expression, moved) : moved(expression);
}

/** Changes every layout of a loop; `null` if one of them cannot be changed. For `index` leaves, `change` gets the buffer `null`. */
export function changeLayouts(
  loop: LoopKernel,
  change: (layout: Layout, buffer: number | null) => Layout | null,
): LoopKernel | null {
  const known = new Map<LoopExpression, LoopExpression | null>();
  const inExpression = (expression: LoopExpression): LoopExpression | null =>
    replaceLeaves(
      expression,
      (leaf) => {
        const layout = change(leaf.layout, leaf.kind === "load" ? leaf.buffer : null);
        return layout && { ...leaf, layout };
      },
      known,
    );
  if (loop.kind === "reduce") {
    const [expression, layout] = [inExpression(loop.expression), change(loop.layout, loop.buffer)];
    return expression && layout && { ...loop, expression, layout };
  }
  const results = [];
  for (const result of loop.results) {
    const [expression, layout] = [inExpression(result.expression), change(result.layout, result.buffer)];
    if (expression === null || layout === null) return null;
    results.push({ ...result, expression, layout });
  }
  return { ...loop, results };
}
