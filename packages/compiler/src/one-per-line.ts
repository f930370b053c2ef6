import { sizeOf, type DType, type Node, type Operation, type Shape } from "@stargrad/graph";
import { checkIndex } from "./checks.js";
import type { Lowering } from "./lowering.js";
import { canWalkTogether } from "./iteration.js";
import { countBuffers, leavesOf, subexpressionsOf, type LoopExpression } from "./kernel.js";
import { combined, digit, expand } from "./layout.js";

/*
 * An index that names one element of each line, as in cross entropy, is a question to every element: is it you? Then what is picked,
 * or placed, is an expression like others, and fuses with whatever computes the line or reads it.
 */

/** A gather that takes one element of each line that is computed anyway: their sum, with all others 0. `null` if it is another. */
export function lowerPick(
  node: Node,
  { inputs: [x, index], attributes: { axis } }: Operation & { readonly primitive: "gather" },
  lowering: Lowering & { readonly expressionOf: (node: Node) => LoopExpression },
): number | null {
  const { shape, dtype } = x;
  const value = lowering.expressionOf(x);
  if (value.kind !== "apply" || !isOnePerLine(index.shape, shape, axis)) return null;
  const expression = whereNamed(index, value, shape, axis, dtype, lowering);
  if (expression === null) return null;
  checkIndex("gather", index, shape[axis], lowering);
  const buffer = lowering.allocate(node);
  lowering.kernels.push({
    kind: "reduce",
    combine: dtype === "bool" ? "max" : "sum",
    shape,
    axes: [axis],
    expression,
    buffer,
    layout: combined(shape, [axis]),
  });
  return buffer;
}

/** A scatter with one addend for each line: every element is that, or 0. `null` if it is another. */
export function lowerPlacement(
  { shape, dtype }: Node,
  { inputs: [index, x], attributes: { axis, size } }: Operation & { readonly primitive: "scatterAdd" },
  lowering: Lowering,
): LoopExpression | null {
  if (!isOnePerLine(x.shape, shape, axis)) return null;
  const { buffer, layout } = lowering.read(x);
  const value: LoopExpression = { kind: "load", dtype, buffer, layout: expand(layout, shape) };
  const expression = whereNamed(index, value, shape, axis, dtype, lowering);
  if (expression !== null) checkIndex("scatterAdd", index, size, lowering);
  return expression;
}

function isOnePerLine(shape: Shape, lines: Shape, axis: number): boolean {
  const alike = lines.every((length, i) => shape[i] === (i === axis ? 1 : length));
  return alike && sizeOf(lines) > 0;
}

/** The value where the index names the element, and 0 elsewhere; `null` if that makes no loop. */
function whereNamed(
  index: Node,
  value: LoopExpression,
  shape: Shape,
  axis: number,
  dtype: DType,
  { read, context }: Lowering,
): LoopExpression | null {
  const named = read(index);
  const place = (stride: number): LoopExpression => ({
    kind: "index",
    dtype: "int32",
    layout: { offset: 0, axes: shape.map((length, i) => digit(length, i === axis ? stride : 0)) },
  });
  const isNamed: LoopExpression = {
    kind: "apply",
    dtype: "bool",
    primitive: "equal",
    inputs: [
      place(1),
      { kind: "load", dtype: "int32", buffer: named.buffer, layout: expand(named.layout, shape) },
    ],
  };
  const zero: LoopExpression = { kind: "apply", dtype, primitive: "cast", inputs: [place(0)] };
  const expression: LoopExpression = {
    kind: "apply",
    dtype,
    primitive: "where",
    inputs: [isNamed, value, zero],
  };
  const { buffers, operands, parts } = context().target.kernel;
  const leaves = leavesOf([expression]);
  const seen = leaves.map(({ layout }) => layout);
  // The result is a buffer too.
  const fits = leaves.length <= operands && countBuffers(leaves, []) < buffers;
  if (!fits || subexpressionsOf([expression]).length > parts) return null;
  return canWalkTogether(shape, [...seen, combined(shape, [axis])]) ? expression : null;
}
