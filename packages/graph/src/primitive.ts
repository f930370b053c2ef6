import type { DType, TypedArray } from "./dtype.js";
import type { Shape } from "./shape.js";

/** What is known of a tensor before anything is computed. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor in ordinary memory, row-major and contiguous. */
export interface HostTensor extends TensorType {
  readonly data: TypedArray;
}

/** Inputs on which a primitive is tried by every test that is made from the tables. */
export interface Sample<Attributes extends object> {
  readonly inputs: readonly HostTensor[];
  readonly attributes: Attributes;
}

/** Attributes of a primitive that has none. */
export type NoAttributes = Record<string, never>;

/**
 * What sort of operation a primitive is:
 *
 * - elementwise: each element of the output comes from one element of each input;
 * - conversion: elementwise, to another element type;
 * - movement: elements as they are, in other places;
 * - reduction: elements combined along axes;
 * - cumulative: elements combined along an axis, with all results on the way;
 * - contraction: sums of products;
 * - accumulation: elements added up in the places that they go to;
 * - indexing: takes or makes indices;
 * - check: elements as they are, or an error;
 * - random: random numbers;
 * - loop: a graph that is computed several times, or what comes of it.
 */
export type PrimitiveKind =
  | "elementwise"
  | "conversion"
  | "movement"
  | "reduction"
  | "cumulative"
  | "contraction"
  | "accumulation"
  | "indexing"
  | "check"
  | "random"
  | "loop";

/** What is known of an operation before anything is computed. Of a loop there is no more: its semantics are its body's. */
export interface Signature<Attributes extends object = object, Kind extends PrimitiveKind = PrimitiveKind> {
  /** The name users, engines and gradient rules know it by. */
  readonly name: string;
  readonly kind: Kind;
  /** How many inputs it takes; `"any"` for one or more. */
  readonly arity: number | "any";
  /** What it computes, for the documentation. */
  readonly formula: string;
  /** The shape of the output; throws a `ShapeError` if the inputs do not fit. */
  shape(inputs: readonly TensorType[], attributes: Attributes): Shape;
  /** The element type of the output; throws a `DTypeError` if the inputs do not fit. */
  dtype(inputs: readonly TensorType[], attributes: Attributes): DType;
}

/**
 * One row of the table of primitives: everything that is true of an operation on every engine. An engine adds how to
 * spell it, autograd adds how to differentiate it.
 */
export interface Primitive<
  Attributes extends object = object,
  Kind extends PrimitiveKind = PrimitiveKind,
> extends Signature<Attributes, Kind> {
  /** The plain semantics: fills `output.data`, which arrives zero-filled. */
  reference(inputs: readonly HostTensor[], attributes: Attributes, output: HostTensor): void;
  readonly samples: readonly Sample<Attributes>[];
}
