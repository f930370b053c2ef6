import { expression, i64, type Expression, type ValueType } from "@stargrad/codegen";
import { memoryImmediate, shuffle, zeros, type EngineInstruction } from "./encode.js";

/*
 * Instructions that only WebAssembly has, in addition to the operations of every machine. Threads and the driver use them.
 */

function instruction<T extends ValueType>(
  type: T,
  operands: readonly Expression[],
  write: EngineInstruction,
): Expression<T> {
  return expression(type, "engine", operands, write);
}

/** An atomic instruction on a word in memory. */
function atomic(opcode: number, ...operands: readonly Expression[]): Expression<"i32"> {
  return instruction("i32", operands, (code) => {
    code.bytes(0xfe, opcode);
    memoryImmediate(code, 2, 0);
  });
}

export function atomicLoad(address: Expression<"i32">): Expression<"i32"> {
  return atomic(0x10, address);
}

/** Adds to a word in memory. The value is the word before the addition. */
export function atomicAdd(address: Expression<"i32">, value: Expression<"i32">): Expression<"i32"> {
  return atomic(0x1e, address, value);
}

/**
 * Waits until notified at a word in memory, at most for a time in nanoseconds. The value is 0, or 1 if the word did not have the
 * expected value, or 2 if the time is over.
 */
export function atomicWait(
  address: Expression<"i32">,
  expected: Expression<"i32">,
  atMost: bigint,
): Expression<"i32"> {
  return atomic(0x01, address, expected, i64.const(atMost));
}

/** Wakes at most `count` of the threads that wait at a word in memory. */
export function atomicNotify(address: Expression<"i32">, count: Expression<"i32">): Expression<"i32"> {
  return atomic(0x00, address, count);
}

/** The type of functions that are called by their index in the module's table. */
export interface FunctionType<R extends ValueType | null = ValueType | null> {
  readonly type: number;
  readonly result: R;
}

/** Calls the function at an index of the module's table. */
export function callIndirect<R extends ValueType>(
  { type, result }: FunctionType<R>,
  index: Expression<"i32">,
  ...inputs: readonly Expression[]
): Expression<R> {
  return instruction(result, [...inputs, index], (code) => {
    code.bytes(0x11);
    code.unsigned(type);
    code.unsigned(0);
  });
}

/** The first 64-bit lane. */
export function firstLong(vector: Expression<"v128">): Expression<"i64"> {
  return instruction("i64", [vector], (code) => {
    code.bytes(0xfd, 0x1d, 0);
  });
}

/** The lowest bytes of the four 32-bit lanes, one after another in the first lane. */
export function lowestBytes(lanes: Expression<"v128">): Expression<"v128"> {
  return instruction("v128", [lanes], (code) => {
    zeros(code);
    shuffle(code, [0, 4, 8, 12, ...new Array<number>(12).fill(16)]);
  });
}

/** Interleaves the 32-bit lanes of the lower halves of two vectors, or of their upper halves. */
export function interleave(
  a: Expression<"v128">,
  b: Expression<"v128">,
  half: "lower" | "upper",
): Expression<"v128"> {
  const first = half === "lower" ? 0 : 8;
  return instruction("v128", [a, b], (code) => {
    shuffle(
      code,
      Array.from({ length: 16 }, (_, byte) => first + (byte & 4 ? 16 : 0) + (byte & 3) + (byte & 8 ? 4 : 0)),
    );
  });
}
