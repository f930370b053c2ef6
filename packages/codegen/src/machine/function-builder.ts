import { expression, type Expression, type ValueType } from "./expression.js";

/** A variable of a function. As an expression it is its current value. */
export interface Local<T extends ValueType = ValueType> extends Expression<T> {
  /** The statement that gives it a new value. */
  set(value: Expression<T>): void;
}

/** A function of the module that is being written. */
export interface FunctionReference<R extends ValueType | null = ValueType | null> {
  readonly index: number;
  readonly result: R;
}

/** How a counting loop runs: `for (i = from; i < to; i += step)`. */
export interface LoopRange {
  readonly from?: Expression<"i32">;
  readonly to: Expression<"i32">;
  readonly step?: number;
}

/** Writes the body of one function, statement by statement. An engine has one for its machine. */
export interface FunctionBuilder {
  /** A new variable, 0 until it is set. */
  local<T extends ValueType>(type: T): Local<T>;

  /** A new variable with a value: computed once, used as often as you like. */
  keep<T extends ValueType>(value: Expression<T>): Local<T>;

  /**
   * A value that depends on parameters alone, computed once where the function begins, and shared if it is asked for again. For
   * constants too: not every machine has them at hand, and not every compiler moves them out of loops.
   */
  hoist<T extends ValueType>(constant: Expression<T>): Local<T>;

  /** Writes a value to memory, at an address plus a constant, which is not negative. */
  store(address: Expression<"i32">, value: Expression, offset?: number): void;

  /** Writes the lowest byte of a value. */
  store8(address: Expression<"i32">, value: Expression<"i32">, offset?: number): void;

  /** Writes the lower half of a vector. */
  storeHalf(address: Expression<"i32">, value: Expression<"v128">, offset?: number): void;

  /** Writes the first 16 bytes of a vector. */
  storePair(address: Expression<"i32">, value: Expression<"v128">, offset?: number): void;

  /** Writes masks of 32 bits, all of them or those of the lower half, as bools: bytes of 0 or 1. The vector must be in a local. */
  storeMasks(address: Expression<"i32">, masks: Expression<"v128">, half: boolean, offset?: number): void;

  /** The rows of the square matrix whose columns are these vectors, as many as each has lanes of so many bytes. */
  transpose(columns: readonly Expression<"v128">[], laneBytes: 4 | 8): readonly Expression<"v128">[];

  /**
   * Four vectors of 32-bit lanes as the same elements in another order: lane 0 of each of them comes first, then lane 1 of each.
   */
  interleave(vectors: readonly Expression<"v128">[]): readonly Local<"v128">[];

  /** `for (i = from; i < to; i += step) body(i)`, signed. The range is not changed by what the body does. */
  for(range: LoopRange, body: (index: Local<"i32">) => void): void;

  /** Repeats the body as long as the condition is not 0. */
  while(condition: Expression<"i32">, body: () => void): void;

  /** Leaves the `while` in whose body it stands directly. */
  breakIf(condition: Expression<"i32">): void;

  if(condition: Expression<"i32">, yes: () => void, no?: () => void): void;

  /** Calls a function for what it does; what it returns is dropped. */
  call(target: FunctionReference, ...inputs: readonly Expression[]): void;

  /** Leaves the function with its result. */
  return(value?: Expression): void;
}

/** The value a function returns. */
export function callResult<R extends ValueType>(
  target: FunctionReference<R>,
  ...inputs: readonly Expression[]
): Expression<R> {
  return expression(target.result, "call", inputs, target);
}
