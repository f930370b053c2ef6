import type { FunctionBuilder, FunctionReference, Local } from "../machine/function-builder.js";
import type { ModuleBuilder } from "../machine/module-builder.js";

/**
 * The parameters of `run`, all `i32`, in this order.
 *
 * - `a`, `b`, `c`: addresses. The element of A at row i and p is at `a + aRows[i] + aColumns[p]`, that of B at
 *   `b + bRows[p] + bColumns[j]`; all six tables hold int32 byte offsets, which may be negative or equal. `cRows` and `cColumns`
 *   are read only if the spec requires tables.
 * - `scratch`: `scratchBytes` bytes that no other call uses, aligned to 16. Their initial contents are irrelevant.
 * - `context`: passed to the epilogue.
 * - `rowBlock` to `rowBlockEnd`, `columnBlock` to `columnBlockEnd`: the part of C to compute.
 */
export const runParameters = [
  "a",
  "aRows",
  "aColumns",
  "b",
  "bRows",
  "bColumns",
  "c",
  "cRows",
  "cColumns",
  "scratch",
  "context",
  "rowBlock",
  "rowBlockEnd",
  "columnBlock",
  "columnBlockEnd",
] as const;

/** The name of a parameter of a product's code. */
export type RunParameter = (typeof runParameters)[number];
export type RunLocals = Readonly<Record<RunParameter, Local<"i32">>>;

/** The generated code of a product. */
export interface Matmul {
  /** Computes a part of C; its parameters are `runParameters`. */
  readonly run: FunctionReference<null>;
  readonly scratchBytes: number;
  /**
   * The numbers of blocks of rows and of columns into which C is divided. Calls for any ranges of them, in any order or in
   * parallel (each with separate scratch), give the same bits as one call for all.
   */
  readonly rowBlocks: number;
  readonly columnBlocks: number;
}

/** Writes a function that takes `runParameters`. */
export function emitRun(
  module: ModuleBuilder,
  name: string | undefined,
  write: (body: FunctionBuilder, inputs: RunLocals) => void,
): FunctionReference<null> {
  return module.function(
    { parameters: runParameters.map(() => "i32" as const), result: null },
    (body, ...locals) => {
      const inputs = Object.fromEntries(runParameters.map((parameter, i) => [parameter, locals[i]]));
      write(body, inputs as RunLocals);
    },
    name,
  );
}
