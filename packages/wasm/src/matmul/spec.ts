import type { Expression } from "../assembler/expression.js";
import type { FunctionBuilder } from "../assembler/function-builder.js";
import type { MatmulDType } from "./element.js";

/**
 * Where an operand's elements stand: `rowsContiguous` if a row's elements are neighbours in memory, `columnsContiguous`
 * if a column's are, `any` if nothing is known. A promise, not a hint: paths without packing rely on it.
 */
export type Layout = "rowsContiguous" | "columnsContiguous" | "any";

/** What is known of an operand when the code is written. */
export interface OperandSpec {
  readonly layout: Layout;
}

/** Four (float64: two) neighbouring results of one row, before they are stored. */
export interface EpilogueValue {
  readonly value: Expression<"v128">;
  /** The row of all of them, and the column of the first, a multiple of the lanes. Cheap to emit repeatedly. */
  readonly row: Expression<"i32">;
  readonly column: Expression<"i32">;
  /** The product's place in the batch. */
  readonly batch: Expression<"i32">;
  /** What the caller passed as `context`. */
  readonly context: Expression<"i32">;
}

/**
 * Turns sums into results, lane by lane. The last vector of a row may reach past the last column; those lanes are
 * computed and dropped, so whatever is loaded by column must be readable up to the next multiple of 16 bytes. It must
 * not read the product's own output.
 */
export type Epilogue = (body: FunctionBuilder, sums: EpilogueValue) => Expression<"v128">;

/** One matrix product, C[i, j] = epilogue(Σ_p A[i, p] · B[p, j]), with i < m, p < k, j < n. */
export interface MatmulSpec {
  readonly dtype: MatmulDType;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: OperandSpec;
  readonly b: OperandSpec;
  /** `rowMajor`: rows are contiguous, `rowStride` bytes apart (default: no gap). `tables`: as operands are. */
  readonly c?: { readonly layout: "rowMajor"; readonly rowStride?: number } | { readonly layout: "tables" };
  /**
   * Uses fused multiply-adds where the engine has relaxed SIMD. Results may then differ in the last bit from those of
   * an engine or a machine without it.
   */
  readonly relaxed: boolean;
  readonly epilogue?: Epilogue;
}
