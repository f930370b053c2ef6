import { ByteWriter } from "./bytes.js";
import { i32, type Expression, type ValueType } from "./expression.js";

const typeCodes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
const nothing = 0x40;

/** A variable of a function. As an expression it is its current value. */
export class Local<T extends ValueType = ValueType> implements Expression<T> {
  readonly type: T;
  readonly #index: number;
  readonly #code: ByteWriter;

  constructor(type: T, index: number, code: ByteWriter) {
    this.type = type;
    this.#index = index;
    this.#code = code;
  }

  emit(code: ByteWriter): void {
    code.bytes(0x20);
    code.unsigned(this.#index);
  }

  /** The statement that gives it a new value. */
  set(value: Expression<T>): void {
    value.emit(this.#code);
    this.#code.bytes(0x21);
    this.#code.unsigned(this.#index);
  }
}

/** A function of the module that is being written. */
export interface FunctionReference<R extends ValueType | null = ValueType | null> {
  readonly index: number;
  readonly result: R;
}

/** The type of functions that are called by their place in the module's table. */
export interface FunctionType<R extends ValueType | null = ValueType | null> {
  readonly type: number;
  readonly result: R;
}

/** How a counting loop runs: `for (i = from; i < to; i += step)`. */
export interface LoopRange {
  readonly from?: Expression<"i32">;
  readonly to: Expression<"i32">;
  readonly step?: number;
}

/** Writes the body of one function, statement by statement. */
export class FunctionBuilder {
  readonly #parameterCount: number;
  readonly #locals: ValueType[] = [];
  readonly #prologue = new ByteWriter();
  readonly #constants = new Map<string, Local>();
  readonly #code = new ByteWriter();

  constructor(parameterCount: number) {
    this.#parameterCount = parameterCount;
  }

  /** A handle on a parameter, by its position. */
  parameter<T extends ValueType>(type: T, index: number): Local<T> {
    return new Local(type, index, this.#code);
  }

  /** A new variable, 0 until it is set. */
  local<T extends ValueType>(type: T): Local<T> {
    this.#locals.push(type);
    return new Local(type, this.#parameterCount + this.#locals.length - 1, this.#code);
  }

  /** A new variable with a value: computed once, used as often as you like. */
  keep<T extends ValueType>(value: Expression<T>): Local<T> {
    const local = this.local(value.type);
    local.set(value);
    return local;
  }

  /**
   * A value that depends on parameters alone, computed once where the function begins, and shared if it is asked for again.
   * For constants too: Node 24 does not move vectors out of loops, and building one takes as long as three additions.
   */
  hoist<T extends ValueType>(constant: Expression<T>): Local<T> {
    const code = new ByteWriter();
    constant.emit(code);
    const key = code.finish().join(" ");
    const known = this.#constants.get(key);
    if (known !== undefined) return known as Local<T>;
    this.#locals.push(constant.type);
    const local = new Local(constant.type, this.#parameterCount + this.#locals.length - 1, this.#prologue);
    local.set(constant);
    this.#constants.set(key, local);
    return local;
  }

  /** Writes a value to memory, at an address plus a constant. */
  store(address: Expression<"i32">, value: Expression, offset = 0): void {
    const opcodes: Readonly<Record<ValueType, readonly [number[], number]>> = {
      i32: [[0x36], 2],
      i64: [[0x37], 3],
      f32: [[0x38], 2],
      f64: [[0x39], 3],
      v128: [[0xfd, 0x0b], 0],
    };
    const [opcode, alignment] = opcodes[value.type];
    this.#store(address, value, opcode, alignment, offset);
  }

  /** Writes the lowest byte of a value. */
  store8(address: Expression<"i32">, value: Expression<"i32">, offset = 0): void {
    this.#store(address, value, [0x3a], 0, offset);
  }

  /** `for (i = from; i < to; i += step) body(i)`, signed. The range is not changed by what the body does. */
  for({ from = i32.const(0), to, step = 1 }: LoopRange, body: (index: Local<"i32">) => void): void {
    const index = this.keep(from);
    const end = this.keep(to);
    this.while(i32.lessSigned(index, end), () => {
      body(index);
      index.set(i32.add(index, i32.const(step)));
    });
  }

  /** Repeats the body as long as the condition is not 0. The test stands at the end, where it is cheapest. */
  while(condition: Expression<"i32">, body: () => void): void {
    this.if(condition, () => {
      this.#code.bytes(0x03, nothing);
      body();
      condition.emit(this.#code);
      this.#code.bytes(0x0d, 0x00, 0x0b);
    });
  }

  /** Leaves the `while` in whose body it stands directly. */
  breakIf(condition: Expression<"i32">): void {
    condition.emit(this.#code);
    this.#code.bytes(0x0d, 0x01);
  }

  if(condition: Expression<"i32">, yes: () => void, no?: () => void): void {
    condition.emit(this.#code);
    this.#code.bytes(0x04, nothing);
    yes();
    if (no !== undefined) {
      this.#code.bytes(0x05);
      no();
    }
    this.#code.bytes(0x0b);
  }

  /** Calls a function that returns nothing. */
  call(target: FunctionReference, ...inputs: readonly Expression[]): void {
    for (const input of inputs) input.emit(this.#code);
    this.#code.bytes(0x10);
    this.#code.unsigned(target.index);
    if (target.result !== null) this.#code.bytes(0x1a);
  }

  /** Computes a value for what it does besides, and drops it. */
  evaluate(value: Expression): void {
    value.emit(this.#code);
    this.#code.bytes(0x1a);
  }

  /** `i32.atomic.store`: sets a word in memory for all threads. */
  atomicStore(address: Expression<"i32">, value: Expression<"i32">): void {
    this.#store(address, value, [0xfe, 0x17], 2, 0);
  }

  /** `memory.copy`: copies so many bytes from one address to another. */
  copy(to: Expression<"i32">, from: Expression<"i32">, bytes: Expression<"i32">): void {
    for (const input of [to, from, bytes]) input.emit(this.#code);
    this.#code.bytes(0xfc, 0x0a, 0x00, 0x00);
  }

  /** Ends all that runs with an error: what follows is never reached. */
  trap(): void {
    this.#code.bytes(0x00);
  }

  /** Leaves the function with its result. */
  return(value?: Expression): void {
    value?.emit(this.#code);
    this.#code.bytes(0x0f);
  }

  /** The body as the code section wants it. */
  finish(): ByteWriter {
    const body = new ByteWriter();
    body.unsigned(this.#locals.length);
    for (const type of this.#locals) body.bytes(1, typeCodes[type]);
    body.append(this.#prologue);
    body.append(this.#code);
    body.bytes(0x0b);
    return body;
  }

  #store(
    address: Expression<"i32">,
    value: Expression,
    opcode: readonly number[],
    alignment: number,
    offset: number,
  ): void {
    address.emit(this.#code);
    value.emit(this.#code);
    this.#code.bytes(...opcode);
    this.#code.unsigned(alignment);
    this.#code.unsigned(offset);
  }
}

/** The value a function returns. */
export function callResult<R extends ValueType>(
  target: FunctionReference<R>,
  ...inputs: readonly Expression[]
): Expression<R> {
  return {
    type: target.result,
    emit(code) {
      for (const input of inputs) input.emit(code);
      code.bytes(0x10);
      code.unsigned(target.index);
    },
  };
}

/** The value of the function that stands at a place in the module's table. */
export function callIndirect<R extends ValueType>(
  { type, result }: FunctionType<R>,
  place: Expression<"i32">,
  ...inputs: readonly Expression[]
): Expression<R> {
  return {
    type: result,
    emit(code) {
      for (const input of inputs) input.emit(code);
      place.emit(code);
      code.bytes(0x11);
      code.unsigned(type);
      code.unsigned(0);
    },
  };
}

export function typeCode(type: ValueType): number {
  return typeCodes[type];
}
