import type { Program, Target } from "@stargrad/compiler";
import { i32, type Expression } from "./machine/expression.js";
import type { FunctionBuilder, Local } from "./machine/function-builder.js";
import type { Machine } from "./machine/machine.js";
import type { MathLibrary } from "./math/math-library.js";

/** What all kernels of a module are written with. */
export interface KernelTools {
  readonly machine: Machine;
  /** What programs were compiled for. */
  readonly target: Target;
  readonly math: MathLibrary;
}

/** Where a kernel is written to: the function it goes into, and where the buffers lie. */
export interface KernelSite {
  readonly body: FunctionBuilder;
  readonly program: Pick<Program, "buffers">;
  /** The address of an element of a buffer, by its number. Cheap to emit again and again. */
  readonly addressOf: (buffer: number, element: number) => Expression<"i32">;
  /** The address of a table of numbers that never change. */
  readonly tableOf: (numbers: Int32Array) => Expression<"i32">;
  /** The address of memory that belongs to this thread alone, as much as the program's kernels have asked for. */
  readonly scratch: Expression<"i32">;
  /** Which part of the kernel's work is done here; `null` for all of it. */
  readonly share: Share | null;
  /** Leaves the program, which then throws: an index is out of range. Every thread must come to the same end. */
  readonly fail: (position: Expression<"i32">, index: Expression<"i32">) => void;
}

export interface KernelContext extends KernelTools, KernelSite {}

/** A kernel that has been understood and can be written, as often as you like. */
export interface KernelWriter {
  /** How much memory of its own each thread needs. */
  readonly scratchBytes: number;
  readonly write: (site: KernelSite) => void;
}

/** One of `count` parts of a kernel's work. Results do not depend on the count, to the bit. */
export interface Share {
  readonly index: Local<"i32">;
  readonly count: Local<"i32">;
}

/** Which of so many pieces of work belong to a share: from the first up to, and without, the second. */
export function piecesOf(
  body: FunctionBuilder,
  share: Share | null,
  pieces: number,
): { readonly from: Expression<"i32">; readonly to: Expression<"i32"> } {
  if (share === null) return { from: i32.const(0), to: i32.const(pieces) };
  const { index, count } = share;
  const border = (part: Expression<"i32">): Local<"i32"> =>
    body.keep(i32.divUnsigned(i32.mul(part, i32.const(pieces)), count));
  return { from: border(index), to: border(i32.add(index, i32.const(1))) };
}
