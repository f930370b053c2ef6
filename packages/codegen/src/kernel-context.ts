import type { Program, Target } from "@stargrad/compiler";
import { i32, type Expression } from "./machine/expression.js";
import type { FunctionBuilder, Local } from "./machine/function-builder.js";
import type { Machine } from "./machine/machine.js";
import type { MathLibrary } from "./math/math-library.js";

/** The tools shared by the writers of all kernels of a module. */
export interface KernelTools {
  readonly machine: Machine;
  /** The target that the programs were compiled for. */
  readonly target: Target;
  readonly math: MathLibrary;
}

/** The context into which a kernel is written: the function, and the addresses of the buffers. */
export interface KernelSite {
  readonly body: FunctionBuilder;
  readonly program: Pick<Program, "buffers">;
  /** The address of an element of a buffer, by the element's number. The expression is cheap, so it may be emitted repeatedly. */
  readonly addressOf: (buffer: number, element: number) => Expression<"i32">;
  /** The address of a table of constant numbers. */
  readonly tableOf: (numbers: Int32Array) => Expression<"i32">;
  /** The address of the scratch memory of this thread: at least `scratchBytes` of every kernel of the program. */
  readonly scratch: Expression<"i32">;
  /** The part of the kernel's work that this code does; `null` for all of it. */
  readonly share: Share | null;
  /** Ends the program, which then throws because an index is out of range. Either all threads call it or none. */
  readonly fail: (position: Expression<"i32">, index: Expression<"i32">) => void;
}

export interface KernelContext extends KernelTools, KernelSite {}

/** An analysed kernel, whose code can be written any number of times. */
export interface KernelWriter {
  /** The bytes of scratch memory that each thread needs. */
  readonly scratchBytes: number;
  readonly write: (site: KernelSite) => void;
}

/** One of `count` parts of a kernel's work. Results are bit-identical for every count. */
export interface Share {
  readonly index: Local<"i32">;
  readonly count: Local<"i32">;
}

/** The half-open range, [from, to), of the `pieces` pieces of work that belong to a share. */
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
