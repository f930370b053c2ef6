import type { DType, TypedArray } from "./dtype.js";
import type { Shape } from "./shape.js";

/** The type of a tensor, known before anything is computed. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor in host memory, row-major and contiguous. */
export interface HostTensor extends TensorType {
  readonly data: TypedArray;
}

/** Sample inputs of a primitive. Every test that is generated from the table uses them. */
export interface Sample<Attributes extends object> {
  readonly inputs: readonly HostTensor[];
  readonly attributes: Attributes;
}

/** Attributes of a primitive that has none. */
export type NoAttributes = Record<string, never>;

/**
 * The kinds of primitives:
 *
 * - elementwise: each element of the output comes from one element of each input;
 * - conversion: elementwise, to another element type;
 * - movement: unchanged elements at other positions;
 * - reduction: elements combined along axes;
 * - cumulative: elements combined along an axis, with all intermediate results;
 * - contraction: sums of products;
 * - accumulation: elements added at positions that may coincide;
 * - indexing: reads or produces indices;
 * - check: unchanged elements, or an error;
 * - random: random numbers;
 * - loop: a graph that is computed several times, or one of its outputs.
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

/** The type rules of an operation. A loop has a signature only: its body defines its semantics. */
export interface Signature<Attributes extends object = object, Kind extends PrimitiveKind = PrimitiveKind> {
  /** Its name for users, engines and gradient rules. */
  readonly name: string;
  readonly kind: Kind;
  /** The number of inputs; `"any"` for one or more. */
  readonly arity: number | "any";
  /** The shape of the output; throws a `ShapeError` if the inputs do not fit. */
  shape(inputs: readonly TensorType[], attributes: Attributes): Shape;
  /** The element type of the output; throws a `DTypeError` if the inputs do not fit. */
  dtype(inputs: readonly TensorType[], attributes: Attributes): DType;
}

/**
 * One row of the table of primitives: everything about an operation that does not depend on the engine. Engines add code
 * generation; autograd adds gradient rules.
 */
export interface Primitive<
  Attributes extends object = object,
  Kind extends PrimitiveKind = PrimitiveKind,
> extends Signature<Attributes, Kind> {
  /** The reference semantics: fills `output.data`, which is zero-filled before. */
  reference(inputs: readonly HostTensor[], attributes: Attributes, output: HostTensor): void;
}

/** What documentation and tests need to know about a primitive. It is beside its row, not in it: no program contains it. */
export interface Description<Attributes extends object = object> {
  /** The formula it computes. */
  readonly formula: string;
  /** The inputs and attributes on which tests try it. */
  readonly samples: () => readonly Sample<Attributes>[];
}
