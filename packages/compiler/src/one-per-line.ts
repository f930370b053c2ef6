import { sizeOf, type DType, type Node, type Operation, type Shape } from "@stargrad/graph";
import { checkIndex } from "./checks.js";
import type { Lowering } from "./lowering.js";
import { canWalkTogether } from "./iteration.js";
import { countBuffers, leavesOf, subexpressionsOf, type LoopExpression } from "./kernel.js";
import { combined, digit, expand } from "./layout.js";

/*
 * An index may select one element of each line along an axis, as in cross entropy. Then gather and scatterAdd are lowered to
 * expressions: compare each element's position with its index; select on equality. Such an expression fuses with the loops that
 * compute or read the line.
 */

/**
 * Lowers a gather of one element from each line of a computed expression: sums the line, with all other elements 0. `null` for
 * other gathers.
 */
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

/** Lowers a scatterAdd with one addend for each line: every element is the addend or 0. `null` for other scatters. */
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

/** The value where the element's position equals its index, and 0 elsewhere; `null` if that does not fit one loop. */
function whereNamed(
  index: Node,
  value: LoopExpression,
  shape: Shape,
  axis: number,
  dtype: DType,
  { read, context }: Lowering,
): LoopExpression | null {
  const indices = read(index);
  const position = (stride: number): LoopExpression => ({
    kind: "index",
    dtype: "int32",
    layout: { offset: 0, axes: shape.map((length, i) => digit(length, i === axis ? stride : 0)) },
  });
  const isSelected: LoopExpression = {
    kind: "apply",
    dtype: "bool",
    primitive: "equal",
    inputs: [
      position(1),
      { kind: "load", dtype: "int32", buffer: indices.buffer, layout: expand(indices.layout, shape) },
    ],
  };
  const zero: LoopExpression = { kind: "apply", dtype, primitive: "cast", inputs: [position(0)] };
  const expression: LoopExpression = {
    kind: "apply",
    dtype,
    primitive: "where",
    inputs: [isSelected, value, zero],
  };
  const { buffers, operands, parts } = context().target.kernel;
  const leaves = leavesOf([expression]);
  const layouts = leaves.map(({ layout }) => layout);
  // Strictly fewer, because the result needs a buffer too.
  const fits = leaves.length <= operands && countBuffers(leaves, []) < buffers;
  if (!fits || subexpressionsOf([expression]).length > parts) return null;
  return canWalkTogether(shape, [...layouts, combined(shape, [axis])]) ? expression : null;
}
