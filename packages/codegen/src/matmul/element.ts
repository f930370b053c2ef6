import type { Machine } from "../machine/machine.js";
import { f32, f32x4, f64, f64x2, i32, i32x4, v128, type Expression } from "../machine/expression.js";

/** The types in which a matrix product is computed. Operands, sums and results have the same type. */
export type MatmulDType = "float32" | "float64" | "int32";

type Address = Expression<"i32">;
type Vector = Expression<"v128">;

/** The operations on one element type. */
export interface ElementOperations {
  /** In bytes. */
  readonly size: 4 | 8;
  /** One element of memory in every lane. */
  readonly loadSplat: (address: Address, offset?: number) => Vector;
  readonly add: (a: Vector, b: Vector) => Vector;
  /** a · b + c. If `relaxed`, it rounds once where the machine has a fused multiply-add, else twice. */
  readonly multiplyAdd: (a: Vector, b: Vector, c: Vector, relaxed: boolean) => Vector;
  /** One element of memory in the first lane, 0 in the others. */
  readonly loadFirst: (address: Address, offset?: number) => Vector;
  /** The first lane. */
  readonly first: (vector: Vector) => Expression;
  /** One element of memory. */
  readonly load: (address: Address, offset?: number) => Expression;
  /** The sum of two elements of memory. */
  readonly loadSum: (a: Address, b: Address) => Expression;
}

/** The operations on one element type, and the number of its elements in a vector of a machine. */
export interface Element extends ElementOperations {
  readonly lanes: number;
  readonly vectorBytes: number;
}

export function elementOf(dtype: MatmulDType, { vectorBytes }: Machine): Element {
  const operations = elements[dtype];
  return { ...operations, vectorBytes, lanes: vectorBytes / operations.size };
}

/** The operations that a product is made of, for each element type. */
export const elements: Readonly<Record<MatmulDType, ElementOperations>> = {
  float32: {
    size: 4,
    loadSplat: v128.load32Splat,
    add: f32x4.add,
    multiplyAdd: (a, b, c, relaxed) =>
      relaxed ? f32x4.relaxedMultiplyAdd(a, b, c) : f32x4.add(f32x4.mul(a, b), c),
    loadFirst: v128.load32Zero,
    first: (vector) => f32x4.extract(vector, 0),
    load: f32.load,
    loadSum: (a, b) => f32.add(f32.load(a), f32.load(b)),
  },
  float64: {
    size: 8,
    loadSplat: v128.load64Splat,
    add: f64x2.add,
    multiplyAdd: (a, b, c, relaxed) =>
      relaxed ? f64x2.relaxedMultiplyAdd(a, b, c) : f64x2.add(f64x2.mul(a, b), c),
    loadFirst: v128.load64Zero,
    first: (vector) => f64x2.extract(vector, 0),
    load: f64.load,
    loadSum: (a, b) => f64.add(f64.load(a), f64.load(b)),
  },
  int32: {
    size: 4,
    loadSplat: v128.load32Splat,
    add: i32x4.add,
    multiplyAdd: (a, b, c) => i32x4.add(i32x4.mul(a, b), c),
    loadFirst: v128.load32Zero,
    first: (vector) => i32x4.extract(vector, 0),
    load: i32.load,
    loadSum: (a, b) => i32.add(i32.load(a), i32.load(b)),
  },
};
