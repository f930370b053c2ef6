import type { FunctionBuilder, Local } from "../machine/function-builder.js";
import type { Machine } from "../machine/machine.js";
import type { MatmulDType } from "./element.js";

/**
 * The order of an operand's elements in memory: `rowsContiguous` if the elements of a row are neighbours, `columnsContiguous`
 * if those of a column are, `any` if nothing is known. It must be true, because code without packing relies on it.
 */
export type ElementOrder = "rowsContiguous" | "columnsContiguous" | "any";

/** The properties of an operand that are known when the code is generated. */
export interface OperandSpec {
  readonly layout: ElementOrder;
  /**
   * Whether some of its elements appear at several indices, as in an unfolded image. Such a B is read in place where its columns
   * are neighbours, because a packed copy would be larger than the original. Default: false
   */
  readonly overlapping?: boolean;
}

/** The location of the results. */
export interface OutputSpec {
  /** The bytes from one row to the next; `null` if a table holds the offset of each row. */
  readonly rowStride: number | null;
  /** The number of columns in a run of neighbours; a table holds the offset of each run. `null` if a row is one run. */
  readonly run: number | null;
}

/** Starts writing a pass over complete sums into a function. `context` is the argument that the caller of the product passed. */
export type Epilogue = (body: FunctionBuilder, context: Local<"i32">) => EpiloguePass;

/** Emits the epilogue of complete sums, one stretch of neighbouring columns of a row at a time. */
export interface EpiloguePass {
  /** A stretch never crosses a multiple of one of these column counts. */
  readonly runs: readonly number[];
  /** Moves all pointers to the start of a stretch. */
  readonly begin: (row: Local<"i32">, column: Local<"i32">) => void;
  /** Applies the epilogue to the next elements, a vector (`wide`) or one. The sums are at `sum`, and may be overwritten. */
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
  /** Default: row-major and contiguous */
  readonly c?: OutputSpec;
  readonly machine: Machine;
  readonly epilogue?: Epilogue;
}
