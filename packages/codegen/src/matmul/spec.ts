import type { FunctionBuilder, Local } from "../machine/function-builder.js";
import type { Machine } from "../machine/machine.js";
import type { MatmulDType } from "./element.js";

/**
 * Where an operand's elements stand: `rowsContiguous` if a row's elements are neighbours in memory, `columnsContiguous`
 * if a column's are, `any` if nothing is known. A promise, not a hint: paths without packing rely on it.
 */
export type Layout = "rowsContiguous" | "columnsContiguous" | "any";

/** What is known of an operand when the code is written. */
export interface OperandSpec {
  readonly layout: Layout;
  /**
   * Whether its elements stand at several places of it, as those of windows do. Such a B is read where it lies, as far as
   * its columns are neighbours: copies of it are larger than it is. Default: false
   */
  readonly overlapping?: boolean;
}

/** Where results go. */
export interface OutputSpec {
  /** The bytes from row to row; `null` if a table tells where each row begins. */
  readonly rowStride: number | null;
  /** So many columns are neighbours, and a table tells where each run of them begins; `null` if a row is one run. */
  readonly run: number | null;
}

/** Begins a pass over finished sums, wherever one is written. `context` is what the caller of the product passed. */
export type Epilogue = (body: FunctionBuilder, context: Local<"i32">) => EpiloguePass;

/** What is done with finished sums, a stretch of neighbouring columns of a row at a time. */
export interface EpiloguePass {
  /** No stretch goes on past a multiple of one of these. */
  readonly runs: readonly number[];
  /** Goes to the beginning of a stretch. */
  readonly begin: (row: Local<"i32">, column: Local<"i32">) => void;
  /** Finishes the next elements, a vector of them (`wide`) or one. The sums are at `sum`, and nobody needs them afterwards. */
  readonly finish: (sum: Local<"i32">, wide: boolean) => void;
}

/** One matrix product, C[i, j] = epilogue(Σ_p A[i, p] · B[p, j]), with i < m, p < k, j < n. */
export interface MatmulSpec {
  readonly dtype: MatmulDType;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: OperandSpec;
  readonly b: OperandSpec;
  /** Default: row-major, without gaps. */
  readonly c?: OutputSpec;
  readonly machine: Machine;
  readonly epilogue?: Epilogue;
}
