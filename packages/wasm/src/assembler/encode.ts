import type { Expression, FunctionReference, OperationGroups } from "@stargrad/codegen";
import type { ByteWriter } from "./bytes.js";

/** Writes an expression's instructions. */
export type Encode = (code: ByteWriter, expression: Expression) => void;

/** The immediate of an `engine` operation, which only WebAssembly has: it writes the instruction that follows the operands. */
export type EngineInstruction = (code: ByteWriter) => void;

/**
 * Writes instructions that leave an expression's value on the stack.
 *
 * Source: WebAssembly Core Specification 2.0, section 5.4 (instructions)
 */
export function encode(code: ByteWriter, expression: Expression): void {
  const encoder = encoders.get(expression.operation);
  if (encoder === undefined)
    throw new Error(
      `encode got the operation ${expression.operation}, which WebAssembly does not have; add it to the encodings`,
    );
  encoder(code, expression);
}

function operands(code: ByteWriter, { operands }: Expression): void {
  for (let i = 0; i < operands.length; i++) encode(code, operands[i]);
}

/** An instruction that takes its operands from the stack. */
function plain(...opcode: readonly number[]): Encode {
  return (code, expression) => {
    operands(code, expression);
    code.list(opcode);
  };
}

/** The opcode of a SIMD instruction: the prefix, followed by its number in LEB128. */
function simd(number: number): number[] {
  return number < 128 ? [0xfd, number] : [0xfd, (number % 128) + 128, Math.floor(number / 128)];
}

/** A load. Its immediates are the alignment of the address (the exponent of a power of two) and an offset. */
function load(alignment: number, ...opcode: readonly number[]): Encode {
  return (code, expression) => {
    operands(code, expression);
    code.list(opcode);
    memoryImmediate(code, alignment, expression.immediate as number);
  };
}

export function memoryImmediate(code: ByteWriter, alignment: number, offset: number): void {
  code.unsigned(alignment);
  code.unsigned(offset);
}

function lane(number: number): Encode {
  const opcode = simd(number);
  return (code, expression) => {
    operands(code, expression);
    code.bytes(...opcode, expression.immediate as number);
  };
}

function vectorConstant(bytesOf: (immediate: never) => ArrayLike<number>): Encode {
  return (code, { immediate }) => {
    code.bytes(...simd(0x0c), ...Array.from(bytesOf(immediate as never)));
  };
}

/** Selects 16 bytes of two vectors: 0 to 15 are the bytes of the first, 16 to 31 those of the second. */
export function shuffle(code: ByteWriter, bytes: readonly number[]): void {
  code.bytes(...simd(0x0d), ...bytes);
}

/** A shuffle of two operands, or of one with itself. */
function shuffled(bytes: readonly number[]): Encode {
  return (code, { operands }) => {
    encode(code, operands[0]);
    encode(code, operands[operands.length - 1]);
    shuffle(code, bytes);
  };
}

/** A shuffle of one operand, whose immediate is a number of bytes. */
function moved(source: (byte: number, bytes: number) => number): Encode {
  return (code, { operands, immediate }) => {
    encode(code, operands[0]);
    encode(code, operands[0]);
    shuffle(
      code,
      eachByte((byte) => source(byte, immediate as number)),
    );
  };
}

function eachByte(value: (byte: number) => number): number[] {
  return Array.from({ length: 16 }, (_, byte) => value(byte));
}

/** The bytes of the 32-bit lanes with these numbers: 0 to 3 are the lanes of the first vector, 4 to 7 those of the second. */
function words(...numbers: readonly number[]): number[] {
  return eachByte((byte) => 4 * numbers[byte >> 2] + (byte & 3));
}

/** A constant vector of zeros. */
export function zeros(code: ByteWriter): void {
  code.bytes(...simd(0x0c), ...new Array<number>(16).fill(0));
}

/** The opcodes of floating-point operations, which have the same order in both types but start at different numbers. */
function floats(comparisons: number, arithmetic: number, relaxed: number) {
  return {
    eq: comparisons,
    ne: comparisons + 1,
    less: comparisons + 2,
    greater: comparisons + 3,
    lessEqual: comparisons + 4,
    greaterEqual: comparisons + 5,
    abs: arithmetic,
    neg: arithmetic + 1,
    sqrt: arithmetic + 3,
    add: arithmetic + 4,
    sub: arithmetic + 5,
    mul: arithmetic + 6,
    div: arithmetic + 7,
    min: arithmetic + 8,
    max: arithmetic + 9,
    pseudoMin: arithmetic + 10,
    pseudoMax: arithmetic + 11,
    relaxedMultiplyAdd: relaxed,
    relaxedNegativeMultiplyAdd: relaxed + 1,
  };
}

/**
 * The WebAssembly encoding of each operation of a machine. A number is the opcode of an instruction without immediates, which takes
 * its operands from the stack; in the groups of vectors it is the number of a SIMD instruction.
 */
const encodings: {
  readonly [G in keyof OperationGroups]: { readonly [N in keyof OperationGroups[G]]: Encode | number };
} = {
  i32: {
    const: (code, { immediate }) => {
      code.bytes(0x41);
      code.signed((immediate as number) | 0);
    },
    load: load(2, 0x28),
    load8Unsigned: load(0, 0x2d),
    eqz: 0x45,
    eq: 0x46,
    ne: 0x47,
    lessSigned: 0x48,
    lessUnsigned: 0x49,
    greaterSigned: 0x4a,
    lessEqualSigned: 0x4c,
    lessEqualUnsigned: 0x4d,
    greaterEqualSigned: 0x4e,
    add: 0x6a,
    sub: 0x6b,
    mul: 0x6c,
    divUnsigned: 0x6e,
    remainderUnsigned: 0x70,
    and: 0x71,
    or: 0x72,
    xor: 0x73,
    shiftLeft: 0x74,
    shiftRightSigned: 0x75,
    shiftRightUnsigned: 0x76,
    wrapI64: 0xa7,
    reinterpretF32: 0xbc,
  },
  i64: {
    const: (code, { immediate }) => {
      code.bytes(0x42);
      code.signed(immediate as bigint);
    },
    load: load(3, 0x29),
    greaterUnsigned: 0x56,
    add: 0x7c,
    sub: 0x7d,
    mul: 0x7e,
    and: 0x83,
    or: 0x84,
    xor: 0x85,
    shiftLeft: 0x86,
    shiftRightSigned: 0x87,
    shiftRightUnsigned: 0x88,
    extendI32Unsigned: 0xad,
    reinterpretF64: 0xbd,
  },
  f32: {
    const: (code, { immediate }) => {
      code.bytes(0x43);
      code.float32(immediate as number);
    },
    load: load(2, 0x2a),
    ne: 0x5c,
    add: 0x92,
    convertI32Signed: 0xb2,
  },
  f64: {
    const: (code, { immediate }) => {
      code.bytes(0x44);
      code.float64(immediate as number);
    },
    load: load(3, 0x2b),
    ne: 0x62,
    greater: 0x64,
    abs: 0x99,
    add: 0xa0,
    sub: 0xa1,
    mul: 0xa2,
    convertI64Signed: 0xb9,
    convertI64Unsigned: 0xba,
    reinterpretI64: 0xbf,
  },
  v128: {
    load: load(0, ...simd(0x00)),
    loadHalf: load(0, ...simd(0x5d)),
    loadPair: load(0, ...simd(0x00)),
    // Loads four bytes, extends each to a lane, and negates the lanes.
    loadMasks: (code, expression) => {
      load(0, ...simd(0x5c))(code, expression);
      zeros(code);
      shuffle(
        code,
        eachByte((byte) => (byte % 4 === 0 ? byte / 4 : 16)),
      );
      code.bytes(...simd(0xa1));
    },
    load32Splat: load(0, ...simd(0x09)),
    load64Splat: load(0, ...simd(0x0a)),
    load32Zero: load(0, ...simd(0x5c)),
    load64Zero: load(0, ...simd(0x5d)),
    zero: zeros,
    splatByte: vectorConstant((byte: number) => eachByte(() => byte)),
    firstBytes: vectorConstant((count: number) => eachByte((byte) => (byte < count ? 255 : 0))),
    not: 0x4d,
    and: 0x4e,
    andNot: 0x4f,
    or: 0x50,
    xor: 0x51,
    bitSelect: 0x52,
    anyTrue: 0x53,
    exchange: moved((byte, bytes) => byte ^ bytes),
    upperHalf: shuffled(words(2, 3, 2, 3)),
    moveDown: moved((byte, bytes) => bytes + (byte % bytes)),
    lowerHalves: shuffled(words(0, 1, 4, 5)),
    upperHalves: shuffled(words(2, 3, 6, 7)),
    narrowMasks: shuffled(words(0, 2, 0, 2)),
    widenMasks: shuffled(words(0, 0, 1, 1)),
  },
  i32x4: {
    splat: 0x11,
    sequence: vectorConstant(([start, step]: readonly [number, number]) => {
      const lanes = Int32Array.from({ length: 4 }, (_, lane) => start + lane * step);
      return new Uint8Array(lanes.buffer);
    }),
    extract: lane(0x1b),
    replace: lane(0x1c),
    eq: 0x37,
    less: 0x39,
    lessUnsigned: 0x3a,
    lessEqual: 0x3d,
    lessEqualUnsigned: 0x3e,
    abs: 0xa0,
    neg: 0xa1,
    // Compares the bitmask of the lanes with 15.
    notAll: plain(...simd(0xa4), 0x41, 15, 0x47),
    shiftLeft: 0xab,
    shiftRightSigned: 0xac,
    shiftRightUnsigned: 0xad,
    add: 0xae,
    sub: 0xb1,
    mul: 0xb5,
    min: 0xb6,
    max: 0xb8,
    truncSaturateF32: 0xf8,
    truncSaturateF64Zero: 0xfc,
    evenLanes: shuffled(words(0, 2, 4, 6)),
    oddLanes: shuffled(words(1, 3, 5, 7)),
  },
  i64x2: {
    splat: 0x12,
    shiftLeft: 0xcb,
    shiftRightUnsigned: 0xcd,
    add: 0xce,
    sub: 0xd1,
    extendedMultiplyLowUnsigned: 0xde,
    extendedMultiplyHighUnsigned: 0xdf,
  },
  f32x4: {
    splat: 0x13,
    extract: lane(0x1f),
    replace: lane(0x20),
    floor: 0x68,
    nearest: 0x6a,
    ...floats(0x41, 0xe0, 0x105),
    convertI32Signed: 0xfa,
    demoteF64Zero: 0x5e,
  },
  f64x2: {
    splat: 0x14,
    extract: lane(0x21),
    replace: lane(0x22),
    floor: 0x75,
    trunc: 0x7a,
    nearest: 0x94,
    ...floats(0x47, 0xec, 0x107),
    promoteLowF32: 0x5f,
    convertLowI32Signed: 0xfe,
  },
};

const encoders: ReadonlyMap<string, Encode> = new Map<string, Encode>([
  ...Object.entries(encodings).flatMap(
    ([group, ofGroup]: [string, Readonly<Record<string, Encode | number>>]) =>
      Object.entries(ofGroup).map(([name, encoding]): [string, Encode] => [
        `${group}.${name}`,
        typeof encoding === "function"
          ? encoding
          : plain(...(group.length > 3 ? simd(encoding) : [encoding])),
      ]),
  ),
  ["select", plain(0x1b)],
  [
    "local",
    (code, { immediate }) => {
      code.bytes(0x20);
      code.unsigned(immediate as number);
    },
  ],
  [
    "call",
    (code, expression) => {
      operands(code, expression);
      code.bytes(0x10);
      code.unsigned((expression.immediate as FunctionReference).index);
    },
  ],
  [
    "engine",
    (code, expression) => {
      operands(code, expression);
      (expression.immediate as EngineInstruction)(code);
    },
  ],
]);
