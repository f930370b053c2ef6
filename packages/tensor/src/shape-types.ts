import type { Shape } from "@stargrad/graph";
import type { Product } from "./length-product.js";
import type { Operand } from "./operands.js";
import type { Tensor } from "./tensor.js";

/*
 * Shapes as types: the shape of a result, as far as it is known at compile time. A literal shape stays literal (`[32, 784]`), an
 * axis known only at run time is `number`, and the shape of unknown rank is `Shape`. Unknown lengths cause no type error.
 */

/** Makes TypeScript infer an array literal as a tuple of literals: `[2, 3]` and not `number[]`. */
export type ShapeLiteral = Shape | [];

/**
 * The parameter type for an argument that does not fit. No value has this type, so the editor underlines the argument, and
 * `Message` is the reason.
 */
export interface Mismatch<Message> {
  readonly mismatch: Message;
}

/** A Mismatch where a tensor is expected. It extends Tensor, so that generic code can use the parameter as a tensor. */
export interface ShapeMismatch<Message> extends Tensor<never>, Mismatch<Message> {}

/**
 * The type of an argument: `Argument` itself, or a Mismatch if `Message` is an error message.
 *
 * `Message` is in brackets, here and in the types that compute messages, and nothing is inferred from it. Without this,
 * TypeScript rejects generic code that passes on a `Tensor<S>` whose shape is not known yet.
 */
export type Unless<Message, Argument> = [Message] extends [string] ? Mismatch<Message> : Argument;

/** Like Unless for a tensor. */
export type TensorUnless<Message, S extends Shape> = [Message] extends [string]
  ? ShapeMismatch<Message>
  : Tensor<S>;

/** A shape as text for messages: `[32, number]`. */
export type Written<S extends Shape, Text extends string = ""> = S extends readonly [
  infer First extends number,
  ...infer Rest extends Shape,
]
  ? Written<Rest, Text extends "" ? WrittenAxis<First> : `${Text}, ${WrittenAxis<First>}`>
  : `[${Text}]`;

type WrittenAxis<A extends number> = number extends A ? "number" : `${A}`;

/** Whether two lengths may be equal at run time. */
export type MayEqual<A extends number, B extends number> = number extends A | B
  ? true
  : [A & B] extends [never]
    ? false
    : true;

/** The shape of two operands after broadcasting; see `broadcastShapes`. */
export type Broadcast<A extends Shape, B extends Shape> = B extends readonly []
  ? A
  : [number] extends [A["length"] | B["length"]]
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
      : MayEqual<A, B> extends true
        ? A & B
        : number;

/** An error message if two shapes do not broadcast; false if they do, or may. */
export type BroadcastProblem<A extends Shape, B extends Shape> = [number] extends [A["length"] | B["length"]]
  ? false
  : ClashingAxis<A, B> extends [
        infer Axis extends number,
        infer LengthA extends number,
        infer LengthB extends number,
      ]
    ? `${Written<A>} and ${Written<B>} do not broadcast: ${LengthA} and ${LengthB} differ at axis -${Axis}`
    : false;

/** The innermost axis (counted from the last, starting at 1) whose lengths clash, and both lengths. */
type ClashingAxis<A extends Shape, B extends Shape, Axis extends Shape = [1]> = A extends readonly [
  ...infer OuterA extends Shape,
  infer LastA extends number,
]
  ? B extends readonly [...infer OuterB extends Shape, infer LastB extends number]
    ? 1 extends LastA | LastB
      ? ClashingAxis<OuterA, OuterB, [...Axis, 1]>
      : MayEqual<LastA, LastB> extends true
        ? ClashingAxis<OuterA, OuterB, [...Axis, 1]>
        : [Axis["length"], LastA, LastB]
    : false
  : false;

/** The second operand beside a tensor of shape A: a tensor that broadcasts with it, or a number. */
export type BroadcastOperand<A extends Shape, B extends Shape> = [BroadcastProblem<A, B>] extends [string]
  ? ShapeMismatch<BroadcastProblem<A, B>>
  : Operand<B>;

/** Like BroadcastOperand, for operations that take no number. */
export type BroadcastTensor<A extends Shape, B extends Shape> = TensorUnless<BroadcastProblem<A, B>, B>;

/** The shape of a matrix product; see `matmul`. */
export type MatMul<A extends Shape, B extends Shape> = [number] extends [A["length"] | B["length"]]
  ? Shape
  : A extends readonly [number]
    ? B extends readonly [number]
      ? []
      : B extends readonly [...infer Batch extends Shape, number, infer N extends number]
        ? [...Batch, N]
        : Shape
    : A extends readonly [...infer BatchA extends Shape, infer M extends number, number]
      ? B extends readonly [number]
        ? [...BatchA, M]
        : B extends readonly [...infer BatchB extends Shape, number, infer N extends number]
          ? [...Broadcast<BatchA, BatchB>, M, N]
          : Shape
      : Shape;

/** An error message if two shapes have no matrix product; false if they have, or may have. */
export type MatMulProblem<A extends Shape, B extends Shape> = [number] extends [A["length"] | B["length"]]
  ? false
  : A extends readonly []
    ? "a scalar has no matrix product; use mul"
    : B extends readonly []
      ? "a scalar has no matrix product; use mul"
      : A extends readonly [...infer BatchA extends Shape, infer InnerA extends number]
        ? MayEqual<InnerA, InnerOf<B>> extends true
          ? BatchA extends readonly [...infer Batches extends Shape, number]
            ? B extends readonly [...infer BatchesB extends Shape, number, number]
              ? BroadcastProblem<Batches, BatchesB>
              : false
            : false
          : `${Written<A>} × ${Written<B>}: inner axes ${InnerA} ≠ ${InnerOf<B>}`
        : false;

/** The axis of the right factor that is summed over: the last but one, or a vector's only one. */
type InnerOf<B extends Shape> = B extends readonly [...Shape, infer Inner extends number, number]
  ? Inner
  : B extends readonly [infer Inner extends number]
    ? Inner
    : number;

/** The right factor of a matrix product with a tensor of shape A. */
export type MatMulOperand<A extends Shape, B extends Shape> = TensorUnless<MatMulProblem<A, B>, B>;

/** The requested shape; an axis given as −1 is known only at run time. */
export type Reshaped<S extends Shape> = { -readonly [K in keyof S]: S[K] extends -1 ? number : S[K] };

/** A shape with as many elements as another. */
export type ReshapeOf<S extends Shape, T extends Shape> = Unless<ReshapeProblem<S, T>, T>;

/** The number of elements of a shape; `number` if it is not known. */
type SizeOf<S extends Shape, Size extends number = 1> = number extends S["length"]
  ? number
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? SizeOf<Rest, Product<Size, First>>
    : Size;

/** An error message if the numbers of elements differ; false if they are, or may be, equal. */
export type ReshapeProblem<S extends Shape, T extends Shape> = [number] extends [S["length"] | T["length"]]
  ? false
  : -1 extends T[number]
    ? false
    : MayEqual<SizeOf<S>, SizeOf<T>> extends true
      ? false
      : `${Written<S>} has ${SizeOf<S>} elements, ${Written<T>} has ${SizeOf<T>}`;
