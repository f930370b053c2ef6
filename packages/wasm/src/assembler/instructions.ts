import { expression, i64, type Expression, type ValueType } from "@stargrad/codegen";
import { memoryImmediate, shuffle, zeros, type EngineInstruction } from "./encode.js";

/*
 * What WebAssembly has besides the operations of every machine: what threads and the driver need.
 */

function instruction<T extends ValueType>(
  type: T,
  operands: readonly Expression[],
  write: EngineInstruction,
): Expression<T> {
  return expression(type, "engine", operands, write);
}

/** An instruction on a word in memory that all threads see at once. */
function atomic(opcode: number, ...operands: readonly Expression[]): Expression<"i32"> {
  return instruction("i32", operands, (code) => {
    code.bytes(0xfe, opcode);
    memoryImmediate(code, 2, 0);
  });
}

export function atomicLoad(address: Expression<"i32">): Expression<"i32"> {
  return atomic(0x10, address);
}

/** Adds to a word in memory, and is what the word was before. */
export function atomicAdd(address: Expression<"i32">, value: Expression<"i32">): Expression<"i32"> {
  return atomic(0x1e, address, value);
}

/** Waits, for ever if need be, until notified at a word in memory that has the expected value. */
export function atomicWait(address: Expression<"i32">, expected: Expression<"i32">): Expression<"i32"> {
  return atomic(0x01, address, expected, i64.const(-1n));
}

/** Wakes so many of those who wait at a word in memory. */
export function atomicNotify(address: Expression<"i32">, count: Expression<"i32">): Expression<"i32"> {
  return atomic(0x00, address, count);
}

/** The type of functions that are called by their place in the module's table. */
export interface FunctionType<R extends ValueType | null = ValueType | null> {
  readonly type: number;
  readonly result: R;
}

/** The value of the function that stands at a place in the module's table. */
export function callIndirect<R extends ValueType>(
  { type, result }: FunctionType<R>,
  place: Expression<"i32">,
  ...inputs: readonly Expression[]
): Expression<R> {
  return instruction(result, [...inputs, place], (code) => {
    code.bytes(0x11);
    code.unsigned(type);
    code.unsigned(0);
  });
}

/** The first lane of 64 bits. */
export function firstLong(vector: Expression<"v128">): Expression<"i64"> {
  return instruction("i64", [vector], (code) => {
    code.bytes(0xfd, 0x1d, 0);
  });
}

/** The lowest bytes of four lanes of 32 bits, one after another in the first lane. */
export function lowestBytes(lanes: Expression<"v128">): Expression<"v128"> {
  return instruction("v128", [lanes], (code) => {
    zeros(code);
    shuffle(code, [0, 4, 8, 12, ...new Array<number>(12).fill(16)]);
  });
}

/** Lanes of 32 bits of two vectors in turn: their lower halves, or their upper ones. */
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
