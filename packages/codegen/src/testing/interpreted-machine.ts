import { i32, type Expression, type ValueType } from "../machine/expression.js";
import type { FunctionBuilder, FunctionReference, Local, LoopRange } from "../machine/function-builder.js";
import type { ModuleBuilder, ParameterLocals, Signature } from "../machine/module-builder.js";
import { bytesOf, meanings, type InterpretedMemory, type Value, type Vector } from "./meanings.js";

/*
 * An invented machine with vectors of any size, which interprets the generated code. It is slow, and used only in tests. Code that
 * gives the same results with vectors of 64 bytes as with 16 does not depend on WebAssembly.
 */

type Frame = Value[];
type Compute = (frame: Frame) => Value;
type Statement = (frame: Frame) => void;

/** Thrown to leave a function; `Broken` is thrown to leave a `while`. */
class Returned extends Error {
  readonly value: Value | null;

  constructor(value: Value | null) {
    super();
    this.value = value;
  }
}
class Broken extends Error {}

export class InterpretedModule implements ModuleBuilder, InterpretedMemory {
  readonly memory: DataView<ArrayBuffer>;
  readonly vectorBytes: number;
  readonly #functions: ((...inputs: Value[]) => Value | null)[] = [];

  constructor(bytes: number, vectorBytes: number) {
    this.memory = new DataView(new ArrayBuffer(bytes));
    this.vectorBytes = vectorBytes;
  }

  function<const P extends readonly ValueType[], R extends ValueType | null>(
    { parameters, result }: Signature<P, R>,
    write: (body: FunctionBuilder, ...parameters: ParameterLocals<P>) => void,
  ): FunctionReference<R> {
    const index = this.#functions.length;
    const body = new InterpretedFunction(this);
    this.#functions.push((...inputs) => body.run(inputs));
    const locals = parameters.map((type) => body.local(type));
    // `map` returns an array; it has the length and the types of the tuple `P`.
    write(body, ...(locals as unknown as ParameterLocals<P>));
    return { index, result };
  }

  call({ index }: FunctionReference, ...inputs: Value[]): Value | null {
    return this.#functions[index](...inputs);
  }
}

class InterpretedFunction implements FunctionBuilder {
  readonly #module: InterpretedModule;
  readonly #types: ValueType[] = [];
  readonly #prologue: Statement[] = [];
  #code: Statement[] = [];

  constructor(module: InterpretedModule) {
    this.#module = module;
  }

  run(inputs: readonly Value[]): Value | null {
    const zeros: Readonly<Record<ValueType, Value>> = {
      i32: 0,
      i64: 0n,
      f32: 0,
      f64: 0,
      v128: this.#vector(),
    };
    const frame = [...inputs, ...this.#types.slice(inputs.length).map((type) => zeros[type])];
    try {
      for (const statement of [...this.#prologue, ...this.#code]) statement(frame);
    } catch (ended) {
      if (ended instanceof Returned) return ended.value;
      throw ended;
    }
    return null;
  }

  local<T extends ValueType>(type: T): Local<T> {
    return this.#localIn(type, (statement) => this.#code.push(statement));
  }

  keep<T extends ValueType>(value: Expression<T>): Local<T> {
    const local = this.local(value.type);
    local.set(value);
    return local;
  }

  hoist<T extends ValueType>(constant: Expression<T>): Local<T> {
    const local = this.#localIn(constant.type, (statement) => this.#prologue.push(statement));
    local.set(constant);
    return local;
  }

  store(address: Expression<"i32">, value: Expression, offset = 0): void {
    this.#write(address, offset, value, (at, stored) => {
      const { memory } = this.#module;
      if (typeof stored === "bigint") memory.setBigInt64(at, stored, true);
      else if (typeof stored === "object") bytesOf(memory).set(stored, at);
      else if (value.type === "i32") memory.setInt32(at, stored, true);
      else if (value.type === "f32") memory.setFloat32(at, stored, true);
      else memory.setFloat64(at, stored, true);
    });
  }

  store8(address: Expression<"i32">, value: Expression<"i32">, offset = 0): void {
    this.#write(address, offset, value, (at, stored) => {
      this.#module.memory.setInt8(at, Number(stored));
    });
  }

  storeHalf(address: Expression<"i32">, value: Expression<"v128">, offset = 0): void {
    this.#storeFirst(address, value, offset, this.#module.vectorBytes / 2);
  }

  storePair(address: Expression<"i32">, value: Expression<"v128">, offset = 0): void {
    this.#storeFirst(address, value, offset, 16);
  }

  storeMasks(address: Expression<"i32">, masks: Expression<"v128">, half: boolean, offset = 0): void {
    this.#write(address, offset, masks, (at, stored) => {
      const bools = Array.from(new Int32Array((stored as Vector).buffer), (mask) => mask & 1);
      bytesOf(this.#module.memory).set(bools.slice(0, half ? bools.length / 2 : bools.length), at);
    });
  }

  transpose(columns: readonly Expression<"v128">[], laneBytes: 4 | 8): readonly Expression<"v128">[] {
    return this.#rearranged(columns, laneBytes, (row, lane) => [lane, row]);
  }

  interleave(vectors: readonly Expression<"v128">[]): readonly Local<"v128">[] {
    const lanes = this.#module.vectorBytes / 4;
    return this.#rearranged(vectors, 4, (row, lane) => {
      const index = row * lanes + lane;
      return [index % vectors.length, Math.floor(index / vectors.length)];
    });
  }

  for({ from = i32.const(0), to, step = 1 }: LoopRange, body: (index: Local<"i32">) => void): void {
    const index = this.keep(from);
    const end = this.keep(to);
    this.while(i32.lessSigned(index, end), () => {
      body(index);
      index.set(i32.add(index, i32.const(step)));
    });
  }

  while(condition: Expression<"i32">, body: () => void): void {
    const [test, inside] = [this.#compute(condition), this.#block(body)];
    this.#code.push((frame) => {
      try {
        while (test(frame) !== 0) for (const statement of inside) statement(frame);
      } catch (ended) {
        if (!(ended instanceof Broken)) throw ended;
      }
    });
  }

  breakIf(condition: Expression<"i32">): void {
    const test = this.#compute(condition);
    this.#code.push((frame) => {
      if (test(frame) !== 0) throw new Broken();
    });
  }

  if(condition: Expression<"i32">, yes: () => void, no: () => void = () => undefined): void {
    const [test, first, second] = [this.#compute(condition), this.#block(yes), this.#block(no)];
    this.#code.push((frame) => {
      for (const statement of test(frame) !== 0 ? first : second) statement(frame);
    });
  }

  call(target: FunctionReference, ...inputs: readonly Expression[]): void {
    const computed = inputs.map((input) => this.#compute(input));
    this.#code.push((frame) => {
      this.#module.call(target, ...computed.map((compute) => compute(frame)));
    });
  }

  return(value?: Expression): void {
    const compute = value === undefined ? () => null : this.#compute(value);
    this.#code.push((frame) => {
      throw new Returned(compute(frame));
    });
  }

  #localIn<T extends ValueType>(type: T, add: (statement: Statement) => void): Local<T> {
    const number = this.#types.push(type) - 1;
    return {
      type,
      operation: "local",
      operands: [],
      immediate: number,
      set: (value) => {
        const compute = this.#compute(value);
        add((frame) => {
          frame[number] = compute(frame);
        });
      },
    };
  }

  #block(write: () => void): Statement[] {
    const before = this.#code;
    const inside: Statement[] = [];
    this.#code = inside;
    write();
    this.#code = before;
    return inside;
  }

  #write(
    address: Expression<"i32">,
    offset: number,
    value: Expression,
    store: (at: number, value: Value) => void,
  ): void {
    if (offset < 0) throw new Error(`a store got the offset ${offset}; expected at least 0`);
    const [at, compute] = [this.#compute(address), this.#compute(value)];
    this.#code.push((frame) => {
      store(Number(at(frame)) + offset, compute(frame));
    });
  }

  #storeFirst(address: Expression<"i32">, value: Expression<"v128">, offset: number, bytes: number): void {
    this.#write(address, offset, value, (at, stored) => {
      bytesOf(this.#module.memory).set((stored as Vector).subarray(0, bytes), at);
    });
  }

  /** Rearranges lanes. `source` gives the vector and the lane from which the element of a lane of a result comes. */
  #rearranged(
    vectors: readonly Expression<"v128">[],
    laneBytes: number,
    source: (row: number, lane: number) => readonly [number, number],
  ): Local<"v128">[] {
    const from = vectors.map((vector) => this.keep(vector));
    const to = vectors.map(() => this.local("v128"));
    this.#code.push((frame) => {
      to.forEach(({ immediate }, row) => {
        const result = this.#vector();
        for (let lane = 0; lane < result.length / laneBytes; lane++) {
          const [vector, at] = source(row, lane);
          const bytes = frame[from[vector].immediate as number] as Vector;
          result.set(bytes.subarray(at * laneBytes, (at + 1) * laneBytes), lane * laneBytes);
        }
        frame[immediate as number] = result;
      });
    });
    return to;
  }

  #vector(): Vector {
    return new Uint8Array(this.#module.vectorBytes);
  }

  #compute({ operation, operands, immediate }: Expression): Compute {
    if (operation === "local") return (frame) => frame[immediate as number];
    const inputs = operands.map((operand) => this.#compute(operand));
    const module = this.#module;
    if (operation === "call") {
      return (frame) =>
        module.call(immediate as FunctionReference, ...inputs.map((input) => input(frame))) ?? 0;
    }
    const apply = meanings.get(operation);
    if (apply === undefined)
      throw new Error(
        `the interpreted machine has no operation ${operation}; add its meaning to meanings.ts`,
      );
    return (frame) => apply(inputs.map((input) => input(frame)) as never, immediate as never, module);
  }
}
