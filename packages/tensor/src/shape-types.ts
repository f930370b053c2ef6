import type { Shape } from "@stargrad/graph";

/*
 * Shapes as types: what TypeScript can know of a result's shape. A literal shape stays literal (`[32, 784]`), an axis
 * known only at run time is `number`, and a tensor of unknown rank is `Shape`.
 */

/** Asks TypeScript to read an array literal as a tuple of literals: `[2, 3]` and not `number[]`. */
export type ShapeLiteral = Shape | [];

/** The shape of two operands after broadcasting; see `broadcastShapes`. */
export type Broadcast<A extends Shape, B extends Shape> = number extends A["length"]
  ? Shape
  : number extends B["length"]
    ? Shape
    : BroadcastTuples<A, B>;

type BroadcastTuples<A extends Shape, B extends Shape> = A extends readonly [
  ...infer OuterA extends Shape,
  infer LastA extends number,
]
  ? B extends readonly [...infer OuterB extends Shape, infer LastB extends number]
    ? [...BroadcastTuples<OuterA, OuterB>, BroadcastAxis<LastA, LastB>]
    : A
  : B;

type BroadcastAxis<A extends number, B extends number> = number extends A | B
  ? number
  : A extends 1
    ? B
    : B extends 1
      ? A
      : A & B;

/** The shape of a matrix product, known for two matrices. */
export type MatMul<A extends Shape, B extends Shape> = A extends readonly [infer M extends number, number]
  ? B extends readonly [number, infer N extends number]
    ? [M, N]
    : Shape
  : Shape;

/** The shape after exchanging the last two axes, known for a matrix. */
export type Transposed<S extends Shape> = S extends readonly [infer M extends number, infer N extends number]
  ? [N, M]
  : Shape;

/** The shape asked for, with the axis that is found out (−1) known only at run time. */
export type Reshaped<S extends Shape> = { -readonly [K in keyof S]: S[K] extends -1 ? number : S[K] };
