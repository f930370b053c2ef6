import {
  i32,
  i32x4,
  v128,
  type Expression,
  type FunctionBuilder,
  type FunctionReference,
  type Local,
  type LoopRange,
  type ValueType,
} from "@stargrad/codegen";
import { ByteWriter } from "./bytes.js";
import { encode } from "./encode.js";
import { firstLong, interleave, lowestBytes } from "./instructions.js";

const typeCodes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
const nothing = 0x40;
const none: readonly Expression[] = [];

class WasmLocal<T extends ValueType> implements Local<T> {
  readonly type: T;
  readonly operation = "local";
  readonly operands = none;
  readonly immediate: number;
  readonly #code: ByteWriter;

  constructor(type: T, index: number, code: ByteWriter) {
    this.type = type;
    this.immediate = index;
    this.#code = code;
  }

  set(value: Expression<T>): void {
    encode(this.#code, value);
    this.#code.bytes(0x21);
    this.#code.unsigned(this.immediate);
  }
}

/** Writes the body of one WebAssembly function, statement by statement. */
export class WasmFunctionBuilder implements FunctionBuilder {
  readonly #parameterCount: number;
  readonly #locals: ValueType[] = [];
  readonly #prologue = new ByteWriter();
  readonly #constants = new Map<string, Local>();
  readonly #code = new ByteWriter();

  constructor(parameterCount: number) {
    this.#parameterCount = parameterCount;
  }

  /** The local of a parameter, by its position. */
  parameter<T extends ValueType>(type: T, index: number): Local<T> {
    return new WasmLocal(type, index, this.#code);
  }

  local<T extends ValueType>(type: T): Local<T> {
    this.#locals.push(type);
    return new WasmLocal(type, this.#parameterCount + this.#locals.length - 1, this.#code);
  }

  keep<T extends ValueType>(value: Expression<T>): Local<T> {
    const local = this.local(value.type);
    local.set(value);
    return local;
  }

  /** Node 24 does not move vector constants out of loops, and building one takes as long as three additions. */
  hoist<T extends ValueType>(constant: Expression<T>): Local<T> {
    const code = new ByteWriter();
    encode(code, constant);
    const key = code.finish().join(" ");
    const known = this.#constants.get(key);
    if (known !== undefined) return known as Local<T>;
    this.#locals.push(constant.type);
    const local = new WasmLocal(
      constant.type,
      this.#parameterCount + this.#locals.length - 1,
      this.#prologue,
    );
    local.set(constant);
    this.#constants.set(key, local);
    return local;
  }

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

  store8(address: Expression<"i32">, value: Expression<"i32">, offset = 0): void {
    this.#store(address, value, [0x3a], 0, offset);
  }

  storeHalf(address: Expression<"i32">, value: Expression<"v128">, offset = 0): void {
    this.#store(address, firstLong(value), [0x37], 3, offset);
  }

  /** Stores a whole vector, because vectors have 16 bytes here. */
  storePair(address: Expression<"i32">, value: Expression<"v128">, offset = 0): void {
    this.store(address, value, offset);
  }

  storeMasks(address: Expression<"i32">, masks: Expression<"v128">, half: boolean, offset = 0): void {
    const bytes = this.keep(i32.and(i32x4.extract(lowestBytes(masks), 0), i32.const(0x01010101)));
    if (half) {
      this.store8(address, bytes, offset);
      this.store8(address, i32.shiftRightUnsigned(bytes, i32.const(8)), offset + 1);
    } else {
      this.store(address, bytes, offset);
    }
  }

  transpose(columns: readonly Expression<"v128">[], laneBytes: 4 | 8): readonly Expression<"v128">[] {
    const [a, b, c, d] = columns;
    if (laneBytes === 8) return [v128.lowerHalves(a, b), v128.upperHalves(a, b)];
    const pairs = (["lower", "upper"] as const).map((half) =>
      [interleave(a, b, half), interleave(c, d, half)].map((pair) => this.keep(pair)),
    );
    return pairs.flatMap(([ab, cd]) => [v128.lowerHalves(ab, cd), v128.upperHalves(ab, cd)]);
  }

  interleave([a, b, c, d]: readonly Expression<"v128">[]): readonly Local<"v128">[] {
    const pairs = (x: Expression<"v128">, y: Expression<"v128">) =>
      (["lower", "upper"] as const).map((half) => this.keep(interleave(x, y, half)));
    const [ab, cd] = [pairs(a, b), pairs(c, d)];
    return ab.flatMap((pair, i) =>
      [v128.lowerHalves(pair, cd[i]), v128.upperHalves(pair, cd[i])].map((each) => this.keep(each)),
    );
  }

  for({ from = i32.const(0), to, step = 1 }: LoopRange, body: (index: Local<"i32">) => void): void {
    const index = this.keep(from);
    const end = this.keep(to);
    this.while(i32.lessSigned(index, end), () => {
      body(index);
      index.set(i32.add(index, i32.const(step)));
    });
  }

  /** The test of the loop is at its end, where it needs one branch less. */
  while(condition: Expression<"i32">, body: () => void): void {
    this.if(condition, () => {
      this.#code.bytes(0x03, nothing);
      body();
      encode(this.#code, condition);
      this.#code.bytes(0x0d, 0x00, 0x0b);
    });
  }

  breakIf(condition: Expression<"i32">): void {
    encode(this.#code, condition);
    this.#code.bytes(0x0d, 0x01);
  }

  if(condition: Expression<"i32">, yes: () => void, no?: () => void): void {
    encode(this.#code, condition);
    this.#code.bytes(0x04, nothing);
    yes();
    if (no !== undefined) {
      this.#code.bytes(0x05);
      no();
    }
    this.#code.bytes(0x0b);
  }

  call(target: FunctionReference, ...inputs: readonly Expression[]): void {
    for (const input of inputs) encode(this.#code, input);
    this.#code.bytes(0x10);
    this.#code.unsigned(target.index);
    if (target.result !== null) this.#code.bytes(0x1a);
  }

  /** Computes a value for its side effects, and drops it. */
  evaluate(value: Expression): void {
    encode(this.#code, value);
    this.#code.bytes(0x1a);
  }

  /** `i32.atomic.store`: stores a word atomically, visible to all threads. */
  atomicStore(address: Expression<"i32">, value: Expression<"i32">): void {
    this.#store(address, value, [0xfe, 0x17], 2, 0);
  }

  /** `memory.copy`: copies `bytes` bytes from one address to another. */
  copy(to: Expression<"i32">, from: Expression<"i32">, bytes: Expression<"i32">): void {
    for (const input of [to, from, bytes]) encode(this.#code, input);
    this.#code.bytes(0xfc, 0x0a, 0x00, 0x00);
  }

  /** Ends the execution with an error; the code that follows is unreachable. */
  trap(): void {
    this.#code.bytes(0x00);
  }

  return(value?: Expression): void {
    if (value !== undefined) encode(this.#code, value);
    this.#code.bytes(0x0f);
  }

  /** The body in the format of the code section. */
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
    encode(this.#code, address);
    encode(this.#code, value);
    this.#code.bytes(...opcode);
    this.#code.unsigned(alignment);
    this.#code.unsigned(offset);
  }
}

export function typeCode(type: ValueType): number {
  return typeCodes[type];
}
