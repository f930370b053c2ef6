import type { DType } from "@stargrad/graph";
import { refine } from "./iteration.js";
import type { ProductKernel, ProductOperand } from "./kernel.js";
import { contiguous, joined, lengthOf, type Digit, type Layout } from "./layout.js";

/**
 * The product a · b into a row-major buffer. If one operand has stride 0 along the whole batch, the batch axis is merged into the
 * rows or columns of the other operand, so that the repeated operand is read once and not once for each matrix.
 */
export function productOf(dtype: DType, a: ProductOperand, b: ProductOperand, buffer: number): ProductKernel {
  const layout = contiguous([lengthOf(a.batch), lengthOf(a.rows), lengthOf(b.columns)]);
  const c = leftOperand({ buffer, layout });
  const isRepeated = (digits: readonly Digit[]): boolean => digits.every(({ stride }) => stride === 0);
  if (isRepeated(b.batch)) {
    return kernelOf(dtype, withoutBatch(a, "rows"), { ...b, batch: [] }, withoutBatch(c, "rows"));
  }
  if (isRepeated(a.batch)) {
    return kernelOf(dtype, { ...a, batch: [] }, withoutBatch(b, "columns"), withoutBatch(c, "columns"));
  }
  return kernelOf(dtype, a, b, c);
}

/** A product whose sizes are those of its operands. */
export function kernelOf(
  dtype: DType,
  a: ProductOperand,
  b: ProductOperand,
  c: ProductOperand,
): ProductKernel {
  const [batch, m, k, n] = [a.batch, a.rows, a.columns, b.columns].map(lengthOf);
  return { kind: "product", dtype, batch, m, n, k, a, b, c, epilogue: [] };
}

/** An operand as it is read from memory. */
interface Loaded {
  readonly buffer: number;
  readonly layout: Layout;
}

/** The operand a of a product, [...batch, rows, k]. The product also sums along the axes `summed` of the batch. */
export function leftOperand({ buffer, layout }: Loaded, summed: readonly number[] = []): ProductOperand {
  const { batch, along, rows, columns } = splitAxes(layout, summed);
  return { buffer, offset: layout.offset, batch, rows, columns: joined([...along, ...columns]) };
}

/** The operand b of a product, [...batch, k, columns]; see `leftOperand`. */
export function rightOperand({ buffer, layout }: Loaded, summed: readonly number[] = []): ProductOperand {
  const { batch, along, rows, columns } = splitAxes(layout, summed);
  return { buffer, offset: layout.offset, batch, rows: joined([...along, ...rows]), columns };
}

function splitAxes({ axes }: Layout, summed: readonly number[]) {
  const rank = axes.length;
  const outer = axes.slice(0, rank - 2);
  return {
    batch: outer.filter((_, axis) => !summed.includes(axis)).flat(),
    along: summed.flatMap((axis) => axes[axis]),
    rows: axes[rank - 2],
    columns: axes[rank - 1],
  };
}

/** A digit of one of a product's axes, and the strides of a, b and c along it. */
export interface ProductDigit {
  readonly axis: "batch" | "rows" | "columns";
  readonly length: number;
  /** The number of indices of its axis that one step advances. */
  readonly span: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Digits common to a, b and c, outermost first; `null` if there are none. */
export function digitsOf({ m, n, a, b, c }: ProductKernel): ProductDigit[] | null {
  const axes = ["batch", "rows", "columns"] as const;
  const repeated = (length: number): Digit[] => (length === 1 ? [] : [{ length, stride: 0 }]);
  const layouts = [
    [a.batch, a.rows, repeated(n)],
    [b.batch, repeated(m), b.columns],
    [c.batch, c.rows, c.columns],
  ];
  const iteration = refine(
    [lengthOf(a.batch), m, n],
    layouts.map((digits) => ({ offset: 0, axes: digits })),
    (axis) => axis,
  );
  if (iteration === null) return null;
  const [ofA, ofB, ofC] = iteration.strides;
  return iteration.lengths.map((length, i) => ({
    axis: axes[iteration.axes[i]],
    length,
    span: iteration.lengths
      .filter((_, inner) => inner > i && iteration.axes[inner] === iteration.axes[i])
      .reduce((span, inner) => span * inner, 1),
    a: ofA[i],
    b: ofB[i],
    c: ofC[i],
  }));
}

/**
 * The parts of a product's axes that a digit of a layout of its result covers, outermost first; `null` if the digit does not align
 * with them.
 */
export function locate(digits: readonly ProductDigit[], { length, stride }: Digit): ProductDigit[] | null {
  if (length === 1) return [];
  const digit = digits.find(({ c, length: most }) => c <= stride && stride < c * most);
  if (digit === undefined || stride % digit.c !== 0) return null;
  const step = stride / digit.c;
  const inside = Math.min(length, digit.length / step);
  if (!Number.isInteger(inside) || length % inside !== 0) return null;
  const outer = locate(digits, { length: length / inside, stride: stride * inside });
  if (outer === null) return null;
  const { axis, span, a, b } = digit;
  return [...outer, { axis, length: inside, span: span * step, a: a * step, b: b * step, c: stride }];
}

function withoutBatch(operand: ProductOperand, axis: "rows" | "columns"): ProductOperand {
  return { ...operand, batch: [], [axis]: joined([...operand.batch, ...operand[axis]]) };
}
