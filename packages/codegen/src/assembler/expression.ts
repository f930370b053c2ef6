import { ByteWriter } from "./bytes.js";

/** The types of WebAssembly's values. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** Something that leaves one value on the stack. Emitting it twice computes it twice; keep it in a local instead. */
export interface Expression<T extends ValueType = ValueType> {
  readonly type: T;
  emit(code: ByteWriter): void;
}

type Unary<A extends ValueType, R extends ValueType> = (a: Expression<A>) => Expression<R>;
type Binary<A extends ValueType, R extends ValueType, B extends ValueType = A> = (
  a: Expression<A>,
  b: Expression<B>,
) => Expression<R>;
type Ternary<T extends ValueType> = (a: Expression<T>, b: Expression<T>, c: Expression<T>) => Expression<T>;

/** An instruction that takes its operands from the stack. */
function instruction<R extends ValueType>(
  type: R,
  opcode: readonly number[],
  operands: readonly Expression[],
  immediate?: (code: ByteWriter) => void,
): Expression<R> {
  return {
    type,
    emit(code) {
      for (const operand of operands) operand.emit(code);
      code.bytes(...opcode);
      immediate?.(code);
    },
  };
}

/** The opcode of a SIMD instruction: the prefix, and its number in LEB128. */
function simd(number: number): number[] {
  const code = [0xfd];
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) code.push((rest % 128) + 128);
  return [...code, rest];
}

function unary<A extends ValueType, R extends ValueType>(
  result: R,
  ...opcode: readonly number[]
): Unary<A, R> {
  return (a) => instruction(result, opcode, [a]);
}

function binary<A extends ValueType, R extends ValueType, B extends ValueType = A>(
  result: R,
  ...opcode: readonly number[]
): Binary<A, R, B> {
  return (a, b) => instruction(result, opcode, [a, b]);
}

function ternary(...opcode: readonly number[]): Ternary<"v128"> {
  return (a, b, c) => instruction("v128", opcode, [a, b, c]);
}

/** Loads and stores say how their address is aligned (as a power of two) and what is added to it. */
function memoryImmediate(alignment: number, offset: number): (code: ByteWriter) => void {
  return (code) => {
    code.unsigned(alignment);
    code.unsigned(offset);
  };
}

function load<R extends ValueType>(result: R, alignment: number, ...opcode: readonly number[]) {
  return (address: Expression<"i32">, offset = 0): Expression<R> =>
    instruction(result, opcode, [address], memoryImmediate(alignment, offset));
}

function lane<R extends ValueType>(result: R, opcode: readonly number[]) {
  return (vector: Expression<"v128">, index: number): Expression<R> =>
    instruction(result, opcode, [vector], (code) => {
      code.bytes(index);
    });
}

function replaceLane<A extends ValueType>(opcode: readonly number[]) {
  return (vector: Expression<"v128">, index: number, value: Expression<A>): Expression<"v128"> =>
    instruction("v128", opcode, [vector, value], (code) => {
      code.bytes(index);
    });
}

/** One of two values, by a condition; both are computed. */
export function select<T extends ValueType>(
  yes: Expression<T>,
  no: Expression<T>,
  condition: Expression<"i32">,
): Expression<T> {
  return instruction(yes.type, [0x1b], [yes, no, condition]);
}

export const i32 = {
  const: (value: number): Expression<"i32"> =>
    instruction("i32", [0x41], [], (code) => {
      code.signed(value | 0);
    }),
  load: load("i32", 2, 0x28),
  load8Unsigned: load("i32", 0, 0x2d),
  atomicLoad: load("i32", 2, 0xfe, 0x10),
  /** Adds to a word in memory, and is what the word was before. */
  atomicAdd: (address: Expression<"i32">, value: Expression<"i32">): Expression<"i32"> =>
    instruction("i32", [0xfe, 0x1e], [address, value], memoryImmediate(2, 0)),
  /** Waits, for ever if need be, until notified at a word in memory that has the expected value. */
  atomicWait: (address: Expression<"i32">, expected: Expression<"i32">): Expression<"i32"> =>
    instruction("i32", [0xfe, 0x01], [address, expected, i64.const(-1n)], memoryImmediate(2, 0)),
  /** Wakes so many of those who wait at a word in memory. */
  atomicNotify: (address: Expression<"i32">, count: Expression<"i32">): Expression<"i32"> =>
    instruction("i32", [0xfe, 0x00], [address, count], memoryImmediate(2, 0)),
  eqz: unary<"i32", "i32">("i32", 0x45),
  eq: binary<"i32", "i32">("i32", 0x46),
  ne: binary<"i32", "i32">("i32", 0x47),
  lessSigned: binary<"i32", "i32">("i32", 0x48),
  lessUnsigned: binary<"i32", "i32">("i32", 0x49),
  greaterSigned: binary<"i32", "i32">("i32", 0x4a),
  lessEqualSigned: binary<"i32", "i32">("i32", 0x4c),
  lessEqualUnsigned: binary<"i32", "i32">("i32", 0x4d),
  greaterEqualSigned: binary<"i32", "i32">("i32", 0x4e),
  add: binary<"i32", "i32">("i32", 0x6a),
  sub: binary<"i32", "i32">("i32", 0x6b),
  mul: binary<"i32", "i32">("i32", 0x6c),
  divUnsigned: binary<"i32", "i32">("i32", 0x6e),
  remainderUnsigned: binary<"i32", "i32">("i32", 0x70),
  and: binary<"i32", "i32">("i32", 0x71),
  or: binary<"i32", "i32">("i32", 0x72),
  xor: binary<"i32", "i32">("i32", 0x73),
  shiftLeft: binary<"i32", "i32">("i32", 0x74),
  shiftRightSigned: binary<"i32", "i32">("i32", 0x75),
  shiftRightUnsigned: binary<"i32", "i32">("i32", 0x76),
  wrapI64: unary<"i64", "i32">("i32", 0xa7),
  reinterpretF32: unary<"f32", "i32">("i32", 0xbc),
};

export const i64 = {
  const: (value: bigint): Expression<"i64"> =>
    instruction("i64", [0x42], [], (code) => {
      code.signed(value);
    }),
  load: load("i64", 3, 0x29),
  greaterUnsigned: binary<"i64", "i32">("i32", 0x56),
  add: binary<"i64", "i64">("i64", 0x7c),
  sub: binary<"i64", "i64">("i64", 0x7d),
  mul: binary<"i64", "i64">("i64", 0x7e),
  and: binary<"i64", "i64">("i64", 0x83),
  or: binary<"i64", "i64">("i64", 0x84),
  xor: binary<"i64", "i64">("i64", 0x85),
  shiftLeft: binary<"i64", "i64">("i64", 0x86),
  shiftRightSigned: binary<"i64", "i64">("i64", 0x87),
  shiftRightUnsigned: binary<"i64", "i64">("i64", 0x88),
  extendI32Unsigned: unary<"i32", "i64">("i64", 0xad),
  reinterpretF64: unary<"f64", "i64">("i64", 0xbd),
};

export const f32 = {
  const: (value: number): Expression<"f32"> =>
    instruction("f32", [0x43], [], (code) => {
      code.float32(value);
    }),
  load: load("f32", 2, 0x2a),
  ne: binary<"f32", "i32">("i32", 0x5c),
  add: binary<"f32", "f32">("f32", 0x92),
  convertI32Signed: unary<"i32", "f32">("f32", 0xb2),
};

export const f64 = {
  const: (value: number): Expression<"f64"> =>
    instruction("f64", [0x44], [], (code) => {
      code.float64(value);
    }),
  load: load("f64", 3, 0x2b),
  ne: binary<"f64", "i32">("i32", 0x62),
  greater: binary<"f64", "i32">("i32", 0x64),
  abs: unary<"f64", "f64">("f64", 0x99),
  add: binary<"f64", "f64">("f64", 0xa0),
  sub: binary<"f64", "f64">("f64", 0xa1),
  mul: binary<"f64", "f64">("f64", 0xa2),
  convertI64Signed: unary<"i64", "f64">("f64", 0xb9),
  convertI64Unsigned: unary<"i64", "f64">("f64", 0xba),
  reinterpretI64: unary<"i64", "f64">("f64", 0xbf),
};

export const v128 = {
  load: load("v128", 0, ...simd(0x00)),
  load32Splat: load("v128", 0, ...simd(0x09)),
  load64Splat: load("v128", 0, ...simd(0x0a)),
  load32Zero: load("v128", 0, ...simd(0x5c)),
  load64Zero: load("v128", 0, ...simd(0x5d)),
  const: (bytes: Uint8Array): Expression<"v128"> =>
    instruction("v128", simd(0x0c), [], (code) => {
      code.bytes(...bytes);
    }),
  /** Picks 16 bytes of two vectors: 0 to 15 from the first, 16 to 31 from the second. */
  shuffle: (a: Expression<"v128">, b: Expression<"v128">, bytes: readonly number[]): Expression<"v128"> =>
    instruction("v128", simd(0x0d), [a, b], (code) => {
      code.bytes(...bytes);
    }),
  not: unary<"v128", "v128">("v128", ...simd(0x4d)),
  and: binary<"v128", "v128">("v128", ...simd(0x4e)),
  /** a and not b */
  andNot: binary<"v128", "v128">("v128", ...simd(0x4f)),
  or: binary<"v128", "v128">("v128", ...simd(0x50)),
  xor: binary<"v128", "v128">("v128", ...simd(0x51)),
  /** Bits of a where the mask is 1, of b where it is 0. */
  bitSelect: ternary(...simd(0x52)),
  anyTrue: unary<"v128", "i32">("i32", ...simd(0x53)),
};

export const i32x4 = {
  splat: unary<"i32", "v128">("v128", ...simd(0x11)),
  extract: lane("i32", simd(0x1b)),
  replace: replaceLane<"i32">(simd(0x1c)),
  eq: binary<"v128", "v128">("v128", ...simd(0x37)),
  less: binary<"v128", "v128">("v128", ...simd(0x39)),
  lessUnsigned: binary<"v128", "v128">("v128", ...simd(0x3a)),
  lessEqual: binary<"v128", "v128">("v128", ...simd(0x3d)),
  lessEqualUnsigned: binary<"v128", "v128">("v128", ...simd(0x3e)),
  abs: unary<"v128", "v128">("v128", ...simd(0xa0)),
  neg: unary<"v128", "v128">("v128", ...simd(0xa1)),
  bitMask: unary<"v128", "i32">("i32", ...simd(0xa4)),
  shiftLeft: binary<"v128", "v128", "i32">("v128", ...simd(0xab)),
  shiftRightSigned: binary<"v128", "v128", "i32">("v128", ...simd(0xac)),
  shiftRightUnsigned: binary<"v128", "v128", "i32">("v128", ...simd(0xad)),
  add: binary<"v128", "v128">("v128", ...simd(0xae)),
  sub: binary<"v128", "v128">("v128", ...simd(0xb1)),
  mul: binary<"v128", "v128">("v128", ...simd(0xb5)),
  min: binary<"v128", "v128">("v128", ...simd(0xb6)),
  max: binary<"v128", "v128">("v128", ...simd(0xb8)),
  truncSaturateF32: unary<"v128", "v128">("v128", ...simd(0xf8)),
  truncSaturateF64Zero: unary<"v128", "v128">("v128", ...simd(0xfc)),
};

export const i64x2 = {
  splat: unary<"i64", "v128">("v128", ...simd(0x12)),
  extract: lane("i64", simd(0x1d)),
  shiftLeft: binary<"v128", "v128", "i32">("v128", ...simd(0xcb)),
  shiftRightUnsigned: binary<"v128", "v128", "i32">("v128", ...simd(0xcd)),
  add: binary<"v128", "v128">("v128", ...simd(0xce)),
  sub: binary<"v128", "v128">("v128", ...simd(0xd1)),
  /** The products of the lower two (upper two) of four unsigned numbers. */
  extendedMultiplyLowUnsigned: binary<"v128", "v128">("v128", ...simd(0xde)),
  extendedMultiplyHighUnsigned: binary<"v128", "v128">("v128", ...simd(0xdf)),
};

export const f32x4 = {
  splat: unary<"f32", "v128">("v128", ...simd(0x13)),
  extract: lane("f32", simd(0x1f)),
  replace: replaceLane<"f32">(simd(0x20)),
  eq: binary<"v128", "v128">("v128", ...simd(0x41)),
  ne: binary<"v128", "v128">("v128", ...simd(0x42)),
  less: binary<"v128", "v128">("v128", ...simd(0x43)),
  greater: binary<"v128", "v128">("v128", ...simd(0x44)),
  lessEqual: binary<"v128", "v128">("v128", ...simd(0x45)),
  greaterEqual: binary<"v128", "v128">("v128", ...simd(0x46)),
  floor: unary<"v128", "v128">("v128", ...simd(0x68)),
  nearest: unary<"v128", "v128">("v128", ...simd(0x6a)),
  abs: unary<"v128", "v128">("v128", ...simd(0xe0)),
  neg: unary<"v128", "v128">("v128", ...simd(0xe1)),
  sqrt: unary<"v128", "v128">("v128", ...simd(0xe3)),
  add: binary<"v128", "v128">("v128", ...simd(0xe4)),
  sub: binary<"v128", "v128">("v128", ...simd(0xe5)),
  mul: binary<"v128", "v128">("v128", ...simd(0xe6)),
  div: binary<"v128", "v128">("v128", ...simd(0xe7)),
  min: binary<"v128", "v128">("v128", ...simd(0xe8)),
  max: binary<"v128", "v128">("v128", ...simd(0xe9)),
  /** b < a ? b : a, one machine instruction where `min` takes several; keeps a NaN in a, not one in b. */
  pseudoMin: binary<"v128", "v128">("v128", ...simd(0xea)),
  /** a < b ? b : a */
  pseudoMax: binary<"v128", "v128">("v128", ...simd(0xeb)),
  convertI32Signed: unary<"v128", "v128">("v128", ...simd(0xfa)),
  demoteF64Zero: unary<"v128", "v128">("v128", ...simd(0x5e)),
  /** a · b + c, fused or not as the machine likes. */
  relaxedMultiplyAdd: ternary(...simd(0x105)),
  /** c − a · b, fused or not as the machine likes. */
  relaxedNegativeMultiplyAdd: ternary(...simd(0x106)),
};

export const f64x2 = {
  splat: unary<"f64", "v128">("v128", ...simd(0x14)),
  extract: lane("f64", simd(0x21)),
  replace: replaceLane<"f64">(simd(0x22)),
  eq: binary<"v128", "v128">("v128", ...simd(0x47)),
  ne: binary<"v128", "v128">("v128", ...simd(0x48)),
  less: binary<"v128", "v128">("v128", ...simd(0x49)),
  greater: binary<"v128", "v128">("v128", ...simd(0x4a)),
  lessEqual: binary<"v128", "v128">("v128", ...simd(0x4b)),
  greaterEqual: binary<"v128", "v128">("v128", ...simd(0x4c)),
  floor: unary<"v128", "v128">("v128", ...simd(0x75)),
  trunc: unary<"v128", "v128">("v128", ...simd(0x7a)),
  nearest: unary<"v128", "v128">("v128", ...simd(0x94)),
  abs: unary<"v128", "v128">("v128", ...simd(0xec)),
  neg: unary<"v128", "v128">("v128", ...simd(0xed)),
  sqrt: unary<"v128", "v128">("v128", ...simd(0xef)),
  add: binary<"v128", "v128">("v128", ...simd(0xf0)),
  sub: binary<"v128", "v128">("v128", ...simd(0xf1)),
  mul: binary<"v128", "v128">("v128", ...simd(0xf2)),
  div: binary<"v128", "v128">("v128", ...simd(0xf3)),
  min: binary<"v128", "v128">("v128", ...simd(0xf4)),
  max: binary<"v128", "v128">("v128", ...simd(0xf5)),
  pseudoMin: binary<"v128", "v128">("v128", ...simd(0xf6)),
  pseudoMax: binary<"v128", "v128">("v128", ...simd(0xf7)),
  promoteLowF32: unary<"v128", "v128">("v128", ...simd(0x5f)),
  convertLowI32Signed: unary<"v128", "v128">("v128", ...simd(0xfe)),
  relaxedMultiplyAdd: ternary(...simd(0x107)),
  relaxedNegativeMultiplyAdd: ternary(...simd(0x108)),
};
