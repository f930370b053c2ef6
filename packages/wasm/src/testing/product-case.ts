import { elements, type ElementOrder, type MatmulDType, type MatmulSpec } from "@stargrad/codegen";
import { roundedVectors } from "../vector-features.js";
import { expect } from "vitest";

import { Arena, columnMajor, range, rowMajor, type View } from "./arena.js";

export interface Operand {
  readonly view: View;
  readonly layout: ElementOrder;
  readonly overlapping?: boolean;
}

export interface Case {
  readonly dtype: MatmulDType;
  readonly a: Operand;
  readonly b: Operand;
  readonly options?: Partial<MatmulSpec>;
}

export function rows(m: number, n: number): Operand {
  return { view: rowMajor(m, n), layout: "rowsContiguous" };
}

export function columns(m: number, n: number): Operand {
  return { view: columnMajor(m, n), layout: "columnsContiguous" };
}

export function anywhere(view: View): Operand {
  return { view, layout: "any" };
}

/** Small integers, whose sums of products are exact in every type and in every order. */
export function integers(length: number, seed = 1): number[] {
  let state = seed;
  const values: number[] = [];
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    values.push(((state >>> 16) % 9) - 4);
  }
  return values;
}

/** Fractions, whose sums depend on the order. */
export function fractions(length: number): number[] {
  return integers(length).map((x, i) => x / 3 + Math.sin(i));
}

function valuesOf({ rows, columns }: View): { least: number; length: number } {
  const largest = (offsets: readonly number[]) => offsets.reduce((x, y) => Math.max(x, y), 0);
  const smallest = (offsets: readonly number[]) => offsets.reduce((x, y) => Math.min(x, y), 0);
  const least = smallest(rows) + smallest(columns);
  return { least, length: largest(rows) + largest(columns) - least + 1 };
}

/** Stores the operands of a product, and returns its inputs and the expected C. */
export function prepare({ dtype, a, b, options }: Case, fill = integers) {
  const [m, k, n] = [a.view.rows.length, a.view.columns.length, b.view.columns.length];
  const spec: MatmulSpec = {
    dtype,
    m,
    n,
    k,
    a: { layout: a.layout },
    b: { layout: b.layout, overlapping: b.overlapping ?? false },
    machine: roundedVectors,
    ...options,
  };
  const arena = new Arena(8);
  const { size } = elements[dtype];
  const operand = ({ view }: Operand) => {
    const { least, length } = valuesOf(view);
    const values = fill(length);
    return {
      base: arena.place(dtype, values) - least * size,
      rows: arena.placeOffsets(dtype, view.rows),
      columns: arena.placeOffsets(dtype, view.columns),
      at: (i: number, j: number) => values[view.rows[i] + view.columns[j] - least],
    };
  };
  const [left, right] = [operand(a), operand(b)];
  const compiled = arena.compile(spec);
  const c = arena.placeFilled(dtype, m * n, 99);
  const { scratchBytes } = compiled.matmul;
  // The scratch is filled with invalid values and followed by memory that must not change.
  const scratch = arena.placeFilled("int32", scratchBytes / 4 + 4, 0x7fc12345);
  const inputs = {
    a: left.base,
    aRows: left.rows,
    aColumns: left.columns,
    b: right.base,
    bRows: right.rows,
    bColumns: right.columns,
    c,
    scratch,
  };
  const [matrixA, matrixB] = [matrix(m, k, left.at), matrix(k, n, right.at)];
  const expected = (i: number, j: number): number => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += matrixA[i * k + p] * matrixB[p * n + j];
    return sum;
  };
  return {
    arena,
    compiled,
    inputs,
    m,
    n,
    k,
    expected,
    result: () => Array.from(arena.array(dtype, c, m * n)),
  };
}

export function checkProduct(product: Case): void {
  const { arena, compiled, inputs, m, n, expected, result } = prepare(product);
  compiled.run(inputs);
  expect(result()).toEqual(range(m * n).map((i) => expected(Math.floor(i / n), i % n)));
  const behind = arena.array("int32", inputs.scratch + compiled.matmul.scratchBytes, 4);
  expect(Array.from(behind)).toEqual(range(4).map(() => 0x7fc12345));
}

/** The elements of a matrix in row-major order. */
function matrix(rows: number, columns: number, at: (i: number, j: number) => number): Float64Array {
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) values[i * columns + j] = at(i, j);
  }
  return values;
}
