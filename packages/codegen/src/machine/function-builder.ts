import { expression, type Expression, type ValueType } from "./expression.js";

/** A variable of a function. Used as an expression, it reads the current value. */
export interface Local<T extends ValueType = ValueType> extends Expression<T> {
  /** Emits an assignment of a new value. */
  set(value: Expression<T>): void;
}

/** A reference to a function of the module. */
export interface FunctionReference<R extends ValueType | null = ValueType | null> {
  readonly index: number;
  readonly result: R;
}

/** The range of a counting loop: `for (i = from; i < to; i += step)`. */
export interface LoopRange {
  readonly from?: Expression<"i32">;
  readonly to: Expression<"i32">;
  readonly step?: number;
}

/** Writes the body of one function, statement by statement. Each engine implements it for its machine. */
export interface FunctionBuilder {
  /** A new variable, 0 until it is set. */
  local<T extends ValueType>(type: T): Local<T>;

  /** A new variable that is set to a value, so that the value is computed once and can be used repeatedly. */
  keep<T extends ValueType>(value: Expression<T>): Local<T>;

  /**
   * A value that depends on parameters alone. It is computed once at the start of the function, and equal values share a variable.
   * Use it for vector constants too: some machines have to build them, and some compilers do not move them out of loops.
   */
  hoist<T extends ValueType>(constant: Expression<T>): Local<T>;

  /** Stores a value at an address plus a constant offset, which must not be negative. */
  store(address: Expression<"i32">, value: Expression, offset?: number): void;

  /** Stores the lowest byte of a value. */
  store8(address: Expression<"i32">, value: Expression<"i32">, offset?: number): void;

  /** Stores the lower half of a vector. */
  storeHalf(address: Expression<"i32">, value: Expression<"v128">, offset?: number): void;

  /** Stores the first 16 bytes of a vector. */
  storePair(address: Expression<"i32">, value: Expression<"v128">, offset?: number): void;

  /** Stores 32-bit masks, all of them or those of the lower `half`, as bools: bytes of 0 or 1. The vector must be in a local. */
  storeMasks(address: Expression<"i32">, masks: Expression<"v128">, half: boolean, offset?: number): void;

  /** Transposes the square matrix whose columns are these vectors. There are as many vectors as lanes of `laneBytes` in each. */
  transpose(columns: readonly Expression<"v128">[], laneBytes: 4 | 8): readonly Expression<"v128">[];

  /**
   * Interleaves four vectors of 32-bit lanes: the results hold lane 0 of each of the four, then lane 1 of each, and so on.
   */
  interleave(vectors: readonly Expression<"v128">[]): readonly Local<"v128">[];

  /** `for (i = from; i < to; i += step) body(i)`, signed. `from` and `to` are computed once, before the loop. */
  for(range: LoopRange, body: (index: Local<"i32">) => void): void;

  /** Repeats the body as long as the condition is not 0. */
  while(condition: Expression<"i32">, body: () => void): void;

  /** Leaves the `while` if the condition is not 0. It must be a direct statement of the body of that `while`. */
  breakIf(condition: Expression<"i32">): void;

  if(condition: Expression<"i32">, yes: () => void, no?: () => void): void;

  /** Calls a function for its effects; its result is dropped. */
  call(target: FunctionReference, ...inputs: readonly Expression[]): void;

  /** Returns from the function, with its result if it has one. */
  return(value?: Expression): void;
}

/** The value a function returns. */
export function callResult<R extends ValueType>(
  target: FunctionReference<R>,
  ...inputs: readonly Expression[]
): Expression<R> {
  return expression(target.result, "call", inputs, target);
}
