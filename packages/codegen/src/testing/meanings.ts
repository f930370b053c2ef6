import type { OperationGroups } from "../machine/expression.js";

export type Vector = Uint8Array<ArrayBuffer>;
export type Value = number | bigint | Vector;

/** The memory on which operations work, and the size of vectors. */
export interface InterpretedMemory {
  readonly memory: DataView<ArrayBuffer>;
  readonly vectorBytes: number;
}

export function bytesOf({ buffer }: DataView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}

type Meaning = (inputs: never, immediate: never, module: InterpretedMemory) => Value;

const asLanes = {
  i32: (x: Vector) => new Int32Array(x.buffer),
  u32: (x: Vector) => new Uint32Array(x.buffer),
  f32: (x: Vector) => new Float32Array(x.buffer),
  f64: (x: Vector) => new Float64Array(x.buffer),
  i64: (x: Vector) => new BigInt64Array(x.buffer),
};

function made(write: (result: Vector) => void, like: Vector | InterpretedMemory): Vector {
  const result = new Uint8Array(like instanceof Uint8Array ? like.length : like.vectorBytes);
  write(result);
  return result;
}

function loading(read: (memory: DataView<ArrayBuffer>, at: number) => Value): Meaning {
  return ([address]: [number], offset: number, { memory }) => read(memory, (address >>> 0) + offset);
}

/** Loads the first bytes of a vector from memory; the others are 0. */
function loadingBytes(bytes: (vectorBytes: number) => number): Meaning {
  return ([address]: [number], offset: number, module) =>
    made((result) => {
      result.set(bytesOf(module.memory).subarray(address + offset, address + offset + bytes(result.length)));
    }, module);
}

function loadingSplat(bytes: number): Meaning {
  return ([address]: [number], offset: number, module) =>
    made((result) => {
      const element = bytesOf(module.memory).subarray(address + offset, address + offset + bytes);
      for (let at = 0; at < result.length; at += bytes) result.set(element, at);
    }, module);
}

function bitwise(combine: (a: number, b: number) => number): Meaning {
  return ([a, b = a]: [Vector, Vector?]) => a.map((byte, i) => combine(byte, b[i]));
}

/** Selects each byte of the result from the concatenated bytes of two vectors, by its index. */
function picking(source: (byte: number, bytes: number, immediate: number) => number): Meaning {
  return ([a, b]: [Vector, Vector?], immediate: number) => {
    const both = [...a, ...(b ?? a)];
    return a.map((_, byte) => both[source(byte, a.length, immediate)] ?? 0);
  };
}

/** Applies a function to the numbers of each lane. A numeric result gives a vector of the same type, a boolean result gives a mask. */
function laneByLane(
  type: "i32" | "u32" | "f32" | "f64",
  combine: (...numbers: number[]) => number | boolean,
): Meaning {
  return (inputs: [Vector, Vector, Vector]) =>
    made((result) => {
      const lanes = inputs.map((input) => asLanes[type](input));
      const [into, masks] = [asLanes[type](result), new Int32Array(result.buffer)];
      const words = result.length / 4 / into.length;
      into.forEach((_, i) => {
        const value = combine(...lanes.map((each) => each[i]));
        if (typeof value === "number") into[i] = value;
        else masks.fill(value ? -1 : 0, i * words, (i + 1) * words);
      });
    }, inputs[0]);
}

function longLanes(combine: (a: bigint, b: bigint) => bigint): Meaning {
  return ([a, b]: [Vector, Vector]) =>
    made((result) => {
      const [x, y, into] = [a, b, result].map((each) => asLanes.i64(each));
      x.forEach((_, i) => (into[i] = combine(x[i], y[i])));
    }, a);
}

/** Shifts all lanes by the same number of bits. */
function shifting(combine: (x: number, bits: number) => number): Meaning {
  return ([a, bits]: [Vector, number]) =>
    made((result) => {
      asLanes.i32(result).set(asLanes.i32(a).map((x) => combine(x, bits)));
    }, a);
}

function shiftingLong(combine: (x: bigint, bits: bigint) => bigint): Meaning {
  return ([a, bits]: [Vector, number]) =>
    made((result) => {
      const into = asLanes.i64(result);
      asLanes.i64(a).forEach((x, i) => (into[i] = BigInt.asIntN(64, combine(x, BigInt(bits)))));
    }, a);
}

/** Converts lanes to another type. The count is that of the wider type; lanes of the narrower type use the lower half. */
function converting(
  from: "i32" | "f32" | "f64",
  to: "i32" | "f32" | "f64",
  convert: (x: number) => number = (x) => x,
): Meaning {
  return ([a]: [Vector]) =>
    made((result) => {
      const [x, into] = [asLanes[from](a), asLanes[to](result)];
      for (let i = 0; i < Math.min(x.length, into.length); i++) into[i] = convert(x[i]);
    }, a);
}

function ofLanes(type: "i32" | "i64" | "f32" | "f64") {
  return {
    splat: (([value]: [never], _: never, module: InterpretedMemory) =>
      made((result) => asLanes[type](result).fill(value), module)) as Meaning,
    extract: (([vector]: [Vector], lane: number) => asLanes[type](vector)[lane]) as Meaning,
    replace: (([vector, value]: [Vector, never], lane: number) =>
      made((result) => {
        result.set(vector);
        asLanes[type](result)[lane] = value;
      }, vector)) as Meaning,
  };
}

function floats(type: "f32" | "f64") {
  const round = type === "f32" ? Math.fround : (x: number) => x;
  const nearest = (x: number): number => {
    const rounded = Math.round(x);
    const even = Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : rounded;
    return x === 0 ? x : even === 0 ? Math.sign(x) * 0 : even;
  };
  return {
    eq: laneByLane(type, (a, b) => a === b),
    ne: laneByLane(type, (a, b) => a !== b),
    less: laneByLane(type, (a, b) => a < b),
    greater: laneByLane(type, (a, b) => a > b),
    lessEqual: laneByLane(type, (a, b) => a <= b),
    greaterEqual: laneByLane(type, (a, b) => a >= b),
    floor: laneByLane(type, Math.floor),
    nearest: laneByLane(type, nearest),
    abs: laneByLane(type, Math.abs),
    neg: laneByLane(type, (a) => -a),
    sqrt: laneByLane(type, Math.sqrt),
    add: laneByLane(type, (a, b) => a + b),
    sub: laneByLane(type, (a, b) => a - b),
    mul: laneByLane(type, (a, b) => a * b),
    div: laneByLane(type, (a, b) => a / b),
    min: laneByLane(type, Math.min),
    max: laneByLane(type, Math.max),
    pseudoMin: laneByLane(type, (a, b) => (b < a ? b : a)),
    pseudoMax: laneByLane(type, (a, b) => (a < b ? b : a)),
    relaxedMultiplyAdd: laneByLane(type, (a, b, c) => round(a * b) + c),
    relaxedNegativeMultiplyAdd: laneByLane(type, (a, b, c) => c - round(a * b)),
  };
}

const saturated = (x: number): number =>
  Number.isNaN(x) ? 0 : Math.trunc(Math.min(2147483647, Math.max(-2147483648, x)));
const unsigned = (x: bigint): bigint => BigInt.asUintN(64, x);
const long =
  (combine: (a: bigint, b: bigint) => bigint): Meaning =>
  ([a, b]: [bigint, bigint]) =>
    BigInt.asIntN(64, combine(a, b));
const int =
  (combine: (a: number, b: number) => number | boolean): Meaning =>
  ([a, b]: [number, number]) =>
    Number(combine(a, b)) | 0;
const float =
  (combine: (a: number, b: number) => number): Meaning =>
  ([a, b]: [number, number]) =>
    combine(a, b);
const bits = new DataView(new ArrayBuffer(8));
const constant = ((_: never, value: Value) => value) as Meaning;

const groups: {
  readonly [G in keyof OperationGroups]: { readonly [N in keyof OperationGroups[G]]: Meaning };
} = {
  i32: {
    const: (_: never, value: number) => value | 0,
    load: loading((memory, at) => memory.getInt32(at, true)),
    load8Unsigned: loading((memory, at) => memory.getUint8(at)),
    eqz: int((a) => a === 0),
    eq: int((a, b) => a === b),
    ne: int((a, b) => a !== b),
    lessSigned: int((a, b) => a < b),
    lessUnsigned: int((a, b) => a >>> 0 < b >>> 0),
    greaterSigned: int((a, b) => a > b),
    lessEqualSigned: int((a, b) => a <= b),
    lessEqualUnsigned: int((a, b) => a >>> 0 <= b >>> 0),
    greaterEqualSigned: int((a, b) => a >= b),
    add: int((a, b) => a + b),
    sub: int((a, b) => a - b),
    mul: int(Math.imul),
    divUnsigned: int((a, b) => Math.floor((a >>> 0) / (b >>> 0))),
    remainderUnsigned: int((a, b) => (a >>> 0) % (b >>> 0)),
    and: int((a, b) => a & b),
    or: int((a, b) => a | b),
    xor: int((a, b) => a ^ b),
    shiftLeft: int((a, b) => a << b),
    shiftRightSigned: int((a, b) => a >> b),
    shiftRightUnsigned: int((a, b) => a >>> b),
    wrapI64: ([a]: [bigint]) => Number(BigInt.asIntN(32, a)),
    reinterpretF32: ([a]: [number]) => {
      bits.setFloat32(0, a);
      return bits.getInt32(0);
    },
  },
  i64: {
    const: constant,
    load: loading((memory, at) => memory.getBigInt64(at, true)),
    greaterUnsigned: ([a, b]: [bigint, bigint]) => Number(unsigned(a) > unsigned(b)),
    add: long((a, b) => a + b),
    sub: long((a, b) => a - b),
    mul: long((a, b) => a * b),
    and: long((a, b) => a & b),
    or: long((a, b) => a | b),
    xor: long((a, b) => a ^ b),
    shiftLeft: long((a, b) => a << (b & 63n)),
    shiftRightSigned: long((a, b) => a >> (b & 63n)),
    shiftRightUnsigned: long((a, b) => unsigned(a) >> (b & 63n)),
    extendI32Unsigned: ([a]: [number]) => BigInt(a >>> 0),
    reinterpretF64: ([a]: [number]) => {
      bits.setFloat64(0, a);
      return bits.getBigInt64(0);
    },
  },
  f32: {
    const: (_: never, value: number) => Math.fround(value),
    load: loading((memory, at) => memory.getFloat32(at, true)),
    ne: int((a, b) => a !== b),
    add: float((a, b) => Math.fround(a + b)),
    convertI32Signed: float(Math.fround),
  },
  f64: {
    const: constant,
    load: loading((memory, at) => memory.getFloat64(at, true)),
    ne: int((a, b) => a !== b),
    greater: int((a, b) => a > b),
    abs: float(Math.abs),
    add: float((a, b) => a + b),
    sub: float((a, b) => a - b),
    mul: float((a, b) => a * b),
    convertI64Signed: ([a]: [bigint]) => Number(a),
    convertI64Unsigned: ([a]: [bigint]) => Number(unsigned(a)),
    reinterpretI64: ([a]: [bigint]) => {
      bits.setBigInt64(0, a);
      return bits.getFloat64(0);
    },
  },
  v128: {
    load: loadingBytes((bytes) => bytes),
    loadHalf: loadingBytes((bytes) => bytes / 2),
    loadPair: loadingBytes(() => 16),
    loadMasks: ([address]: [number], offset: number, module: InterpretedMemory) =>
      made((result) => {
        const masks = new Int32Array(result.buffer);
        masks.forEach((_, i) => (masks[i] = -module.memory.getUint8(address + offset + i)));
      }, module),
    load32Splat: loadingSplat(4),
    load64Splat: loadingSplat(8),
    load32Zero: loadingBytes(() => 4),
    load64Zero: loadingBytes(() => 8),
    zero: (_: never, __: never, module: InterpretedMemory) => made(() => undefined, module),
    splatByte: (_: never, byte: number, module: InterpretedMemory) =>
      made((result) => result.fill(byte), module),
    firstBytes: (_: never, count: number, module: InterpretedMemory) =>
      made((result) => result.fill(255, 0, count), module),
    not: bitwise((a) => ~a),
    and: bitwise((a, b) => a & b),
    andNot: bitwise((a, b) => a & ~b),
    or: bitwise((a, b) => a | b),
    xor: bitwise((a, b) => a ^ b),
    bitSelect: ([a, b, mask]: [Vector, Vector, Vector]) =>
      a.map((byte, i) => (byte & mask[i]) | (b[i] & ~mask[i])),
    anyTrue: ([a]: [Vector]) => Number(a.some((byte) => byte !== 0)),
    exchange: picking((byte, _, group) => byte ^ group),
    upperHalf: picking((byte, bytes) => (byte < bytes / 2 ? byte + bytes / 2 : 2 * bytes)),
    moveDown: picking((byte, bytes, distance) => (byte < distance ? byte + distance : 2 * bytes)),
    lowerHalves: picking((byte, bytes) => (byte < bytes / 2 ? byte : byte + bytes / 2)),
    upperHalves: picking((byte, bytes) => (byte < bytes / 2 ? byte + bytes / 2 : byte + bytes)),
    narrowMasks: picking((byte, bytes) => (byte < bytes / 2 ? 8 * (byte >> 2) + (byte & 3) : 2 * bytes)),
    widenMasks: picking((byte) => 4 * (byte >> 3) + (byte & 3)),
  },
  i32x4: {
    ...ofLanes("i32"),
    sequence: (_: never, [start, step]: [number, number], module: InterpretedMemory) =>
      made((result) => {
        const lanes = asLanes.i32(result);
        lanes.forEach((__, i) => (lanes[i] = start + i * step));
      }, module),
    eq: laneByLane("i32", (a, b) => a === b),
    less: laneByLane("i32", (a, b) => a < b),
    lessUnsigned: laneByLane("u32", (a, b) => a < b),
    lessEqual: laneByLane("i32", (a, b) => a <= b),
    lessEqualUnsigned: laneByLane("u32", (a, b) => a <= b),
    abs: laneByLane("i32", Math.abs),
    neg: laneByLane("i32", (a) => -a),
    notAll: ([a]: [Vector]) => Number(asLanes.i32(a).some((lane) => lane >= 0)),
    shiftLeft: shifting((x, count) => x << count),
    shiftRightSigned: shifting((x, count) => x >> count),
    shiftRightUnsigned: shifting((x, count) => x >>> count),
    add: laneByLane("i32", (a, b) => a + b),
    sub: laneByLane("i32", (a, b) => a - b),
    mul: laneByLane("i32", Math.imul),
    min: laneByLane("i32", Math.min),
    max: laneByLane("i32", Math.max),
    truncSaturateF32: converting("f32", "i32", saturated),
    truncSaturateF64Zero: converting("f64", "i32", saturated),
    evenLanes: picking((byte) => 8 * (byte >> 2) + (byte & 3)),
    oddLanes: picking((byte) => 8 * (byte >> 2) + (byte & 3) + 4),
  },
  i64x2: {
    splat: ofLanes("i64").splat,
    shiftLeft: shiftingLong((x, count) => x << count),
    shiftRightUnsigned: shiftingLong((x, count) => unsigned(x) >> count),
    add: longLanes((a, b) => a + b),
    sub: longLanes((a, b) => a - b),
    extendedMultiplyLowUnsigned: multiplying(0),
    extendedMultiplyHighUnsigned: multiplying(1),
  },
  f32x4: {
    ...ofLanes("f32"),
    ...floats("f32"),
    convertI32Signed: converting("i32", "f32"),
    demoteF64Zero: converting("f64", "f32"),
  },
  f64x2: {
    ...ofLanes("f64"),
    ...floats("f64"),
    trunc: laneByLane("f64", Math.trunc),
    promoteLowF32: converting("f32", "f64"),
    convertLowI32Signed: converting("i32", "f64"),
  },
};

/** The 64-bit products of the unsigned lanes of one half. */
function multiplying(half: 0 | 1): Meaning {
  return ([a, b]: [Vector, Vector]) =>
    made((result) => {
      const [x, y, into] = [asLanes.u32(a), asLanes.u32(b), asLanes.i64(result)];
      into.forEach((_, i) => {
        const lane = half * into.length + i;
        into[i] = BigInt.asIntN(64, BigInt(x[lane]) * BigInt(y[lane]));
      });
    }, a);
}

/** The function that computes each operation of the tables. */
export const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["select", ([yes, no, condition]: [Value, Value, number]) => (condition === 0 ? no : yes)],
  ...Object.entries(groups).flatMap(([group, ofGroup]) =>
    Object.entries(ofGroup).map(([name, meaning]): [string, Meaning] => [`${group}.${name}`, meaning]),
  ),
]);
