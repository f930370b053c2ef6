/** The types of a machine's values. A `v128` is a whole vector of `Machine.vectorBytes` bytes; its name does not fix its size. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** A parameter of an operation that is fixed when the code is generated. */
export type Immediate = number | bigint | object | null;

/**
 * An expression as data: an operation with its operands, which has a value when the code runs. An engine encodes it for its
 * machine. An expression that is used twice is computed twice; store it in a local with `keep` instead.
 */
export interface Expression<T extends ValueType = ValueType> {
  readonly type: T;
  /**
   * An operation of the tables below; `local`, whose immediate is the number of the local in the function; `call`, whose
   * immediate is the `FunctionReference`; or `engine`, which only the engine that created it can encode.
   */
  readonly operation: OperationName | "local" | "call" | "engine";
  readonly operands: readonly Expression[];
  readonly immediate: Immediate;
}

/**
 * An expression of an operation, its operands and its immediate. The groups of operations below call it; an engine needs it for
 * operations of its own.
 */
export function expression<T extends ValueType>(
  type: T,
  operation: Expression["operation"],
  operands: readonly Expression[],
  immediate: Immediate = null,
): Expression<T> {
  return { type, operation, operands, immediate };
}

type Int = Expression<"i32">;
type Vector = Expression<"v128">;

/** Returns the constructor of expressions for the operation of the given name. */
type Form<F> = (name: OperationName) => F;

function unary<A extends ValueType, R extends ValueType>(
  result: R,
): Form<(a: Expression<A>) => Expression<R>> {
  return (name) => (a) => expression(result, name, [a]);
}

function binary<A extends ValueType, R extends ValueType, B extends ValueType = A>(
  result: R,
): Form<(a: Expression<A>, b: Expression<B>) => Expression<R>> {
  return (name) => (a, b) => expression(result, name, [a, b]);
}

const ternary: Form<(a: Vector, b: Vector, c: Vector) => Vector> = (name) => (a, b, c) =>
  expression("v128", name, [a, b, c]);

/** A value that is known when the code is generated. */
function constant<R extends "i32" | "f32" | "f64" | "v128">(
  result: R,
): Form<(value: number) => Expression<R>> {
  return (name) => (value) => expression(result, name, [], value);
}

const longConstant: Form<(value: bigint) => Expression<"i64">> = (name) => (value) =>
  expression("i64", name, [], value);

/** A load from memory, at an address plus an offset in bytes, which must not be negative. */
function load<R extends ValueType>(result: R): Form<(address: Int, offset?: number) => Expression<R>> {
  return (name) =>
    (address, offset = 0) =>
      expression(result, name, [address], offset);
}

/** The element in a lane. */
function extract<R extends ValueType>(result: R): Form<(vector: Vector, lane: number) => Expression<R>> {
  return (name) => (vector, lane) => expression(result, name, [vector], lane);
}

/** A vector with another element in one lane. */
function replace<A extends ValueType>(): Form<
  (vector: Vector, lane: number, value: Expression<A>) => Vector
> {
  return (name) => (vector, lane, value) => expression("v128", name, [vector, value], lane);
}

/** A vector whose lanes are moved; the immediate is a number of bytes. */
const moved: Form<(x: Vector, bytes: number) => Vector> = (name) => (x, bytes) =>
  expression("v128", name, [x], bytes);

const nothing: Form<() => Vector> = (name) => () => expression("v128", name, []);

const sequence: Form<(start: number, step: number) => Vector> = (name) => (start, step) =>
  expression("v128", name, [], [start, step]);

const int = binary<"i32", "i32">("i32");
const long = binary<"i64", "i64">("i64");
const ofVector = unary<"v128", "v128">("v128");
const ofVectors = binary<"v128", "v128">("v128");
const shift = binary<"v128", "v128", "i32">("v128");

type Operations<F> = { readonly [K in keyof F]: F[K] extends Form<infer Make> ? Make : never };

function operations<F extends Readonly<Record<string, Form<unknown>>>>(
  group: string,
  forms: F,
): Operations<F> {
  return Object.fromEntries(
    Object.entries(forms).map(([name, form]) => [name, form(`${group}.${name}` as OperationName)]),
  ) as Operations<F>;
}

/** Operations on 32-bit integers: addresses, counters and conditions. */
export const i32 = operations("i32", {
  const: constant("i32"),
  load: load("i32"),
  load8Unsigned: load("i32"),
  eqz: unary<"i32", "i32">("i32"),
  eq: int,
  ne: int,
  lessSigned: int,
  lessUnsigned: int,
  greaterSigned: int,
  lessEqualSigned: int,
  lessEqualUnsigned: int,
  greaterEqualSigned: int,
  add: int,
  sub: int,
  mul: int,
  divUnsigned: int,
  remainderUnsigned: int,
  and: int,
  or: int,
  xor: int,
  shiftLeft: int,
  shiftRightSigned: int,
  shiftRightUnsigned: int,
  wrapI64: unary<"i64", "i32">("i32"),
  reinterpretF32: unary<"f32", "i32">("i32"),
});

/** Operations on 64-bit integers: long products and flags. */
export const i64 = operations("i64", {
  const: longConstant,
  load: load("i64"),
  greaterUnsigned: binary<"i64", "i32">("i32"),
  add: long,
  sub: long,
  mul: long,
  and: long,
  or: long,
  xor: long,
  shiftLeft: long,
  shiftRightSigned: long,
  shiftRightUnsigned: long,
  extendI32Unsigned: unary<"i32", "i64">("i64"),
  reinterpretF64: unary<"f64", "i64">("i64"),
});

/** Operations on single float32 numbers. */
export const f32 = operations("f32", {
  const: constant("f32"),
  load: load("f32"),
  ne: binary<"f32", "i32">("i32"),
  add: binary<"f32", "f32">("f32"),
  convertI32Signed: unary<"i32", "f32">("f32"),
});

/** Operations on single float64 numbers. */
export const f64 = operations("f64", {
  const: constant("f64"),
  load: load("f64"),
  ne: binary<"f64", "i32">("i32"),
  greater: binary<"f64", "i32">("i32"),
  abs: unary<"f64", "f64">("f64"),
  add: binary<"f64", "f64">("f64"),
  sub: binary<"f64", "f64">("f64"),
  mul: binary<"f64", "f64">("f64"),
  convertI64Signed: unary<"i64", "f64">("f64"),
  convertI64Unsigned: unary<"i64", "f64">("f64"),
  reinterpretI64: unary<"i64", "f64">("f64"),
});

/** Vectors as bits, and the moves of lanes that do not depend on the element type. */
export const v128 = operations("v128", {
  /** A whole vector, at any address. */
  load: load("v128"),
  /** Half a vector into the lower half, zeros into the upper half. */
  loadHalf: load("v128"),
  /** 16 bytes into the first lanes; the other lanes are undefined. */
  loadPair: load("v128"),
  /** Bools (bytes of 0 or 1) as 32-bit masks, one for each 32-bit lane. */
  loadMasks: load("v128"),
  /** One number into every lane of its size. */
  load32Splat: load("v128"),
  load64Splat: load("v128"),
  /** One number into the first lane, zeros into the others. */
  load32Zero: load("v128"),
  load64Zero: load("v128"),
  zero: nothing,
  /** The same byte in every byte of the vector. */
  splatByte: constant("v128"),
  /** All ones in the first `value` bytes, zeros in the others. */
  firstBytes: constant("v128"),
  not: ofVector,
  and: ofVectors,
  /** a and not b */
  andNot: ofVectors,
  or: ofVectors,
  xor: ofVectors,
  /** Bits of a where the mask is 1, of b where it is 0. */
  bitSelect: ternary,
  anyTrue: unary<"v128", "i32">("i32"),
  /** Exchanges neighbouring groups of `bytes` bytes. With half the size of a vector, exchanges its halves. */
  exchange: moved,
  /** The upper half of the operand in the lower half of the result; the upper half of the result is undefined. */
  upperHalf: ofVector,
  /** Moves bytes down: byte `bytes + i` becomes byte i, for i < `bytes`. The other bytes of the result are undefined. */
  moveDown: moved,
  /** The concatenated lower halves of two vectors; the concatenated upper halves. */
  lowerHalves: ofVectors,
  upperHalves: ofVectors,
  /** Converts 64-bit masks to 32-bit masks in the lower half; the inverse conversion. */
  narrowMasks: ofVector,
  widenMasks: ofVector,
});

/** Operations on vectors of 32-bit integers. */
export const i32x4 = operations("i32x4", {
  splat: unary<"i32", "v128">("v128"),
  /** In lane i, start + i · step. */
  sequence,
  extract: extract("i32"),
  replace: replace<"i32">(),
  eq: ofVectors,
  less: ofVectors,
  lessUnsigned: ofVectors,
  lessEqual: ofVectors,
  lessEqualUnsigned: ofVectors,
  abs: ofVector,
  neg: ofVector,
  /** 1 if at least one lane has a top bit of 0, else 0. */
  notAll: unary<"v128", "i32">("i32"),
  shiftLeft: shift,
  shiftRightSigned: shift,
  shiftRightUnsigned: shift,
  add: ofVectors,
  sub: ofVectors,
  mul: ofVectors,
  min: ofVectors,
  max: ofVectors,
  truncSaturateF32: ofVector,
  /** In the lower half, zeros in the upper. */
  truncSaturateF64Zero: ofVector,
  /** The lanes 0, 2 … of a, followed by those of b; the lanes 1, 3 … of both. */
  evenLanes: ofVectors,
  oddLanes: ofVectors,
});

/** Operations on vectors of 64-bit integers. */
export const i64x2 = operations("i64x2", {
  splat: unary<"i64", "v128">("v128"),
  shiftLeft: shift,
  shiftRightUnsigned: shift,
  add: ofVectors,
  sub: ofVectors,
  /** The 64-bit products of the unsigned 32-bit numbers in the lower (upper) halves. */
  extendedMultiplyLowUnsigned: ofVectors,
  extendedMultiplyHighUnsigned: ofVectors,
});

const floats = {
  eq: ofVectors,
  ne: ofVectors,
  less: ofVectors,
  greater: ofVectors,
  lessEqual: ofVectors,
  greaterEqual: ofVectors,
  floor: ofVector,
  nearest: ofVector,
  abs: ofVector,
  neg: ofVector,
  sqrt: ofVector,
  add: ofVectors,
  sub: ofVectors,
  mul: ofVectors,
  div: ofVectors,
  min: ofVectors,
  max: ofVectors,
  /** b < a ? b : a, in one machine instruction where `min` takes several. Propagates a NaN of a, but not of b. */
  pseudoMin: ofVectors,
  /** a < b ? b : a */
  pseudoMax: ofVectors,
  /** a · b + c; the machine decides whether it is fused. */
  relaxedMultiplyAdd: ternary,
  /** c − a · b; the machine decides whether it is fused. */
  relaxedNegativeMultiplyAdd: ternary,
};

/** Operations on vectors of float32 numbers. */
export const f32x4 = operations("f32x4", {
  splat: unary<"f32", "v128">("v128"),
  extract: extract("f32"),
  replace: replace<"f32">(),
  ...floats,
  convertI32Signed: ofVector,
  /** In the lower half, zeros in the upper. */
  demoteF64Zero: ofVector,
});

/** Operations on vectors of float64 numbers. */
export const f64x2 = operations("f64x2", {
  splat: unary<"f64", "v128">("v128"),
  extract: extract("f64"),
  replace: replace<"f64">(),
  ...floats,
  trunc: ofVector,
  /** Converts the lanes of the lower half. */
  promoteLowF32: ofVector,
  convertLowI32Signed: ofVector,
});

/** `yes` if the condition is not 0, else `no`; both are computed. */
export function select<T extends ValueType>(
  yes: Expression<T>,
  no: Expression<T>,
  condition: Int,
): Expression<T> {
  return expression(yes.type, "select", [yes, no, condition]);
}

/** Each operation by its group and its name. An engine's table of encodings must have an entry for each of them. */
export interface OperationGroups {
  readonly i32: typeof i32;
  readonly i64: typeof i64;
  readonly f32: typeof f32;
  readonly f64: typeof f64;
  readonly v128: typeof v128;
  readonly i32x4: typeof i32x4;
  readonly i64x2: typeof i64x2;
  readonly f32x4: typeof f32x4;
  readonly f64x2: typeof f64x2;
}

/** The name of an operation that an engine encodes: its group and its name in it, as in `f32x4.add`. */
export type OperationName =
  | "select"
  | {
      readonly [G in keyof OperationGroups]: `${G}.${keyof OperationGroups[G] & string}`;
    }[keyof OperationGroups];
