import { DTypeError, type DType } from "@stargrad/graph";
import type { CheckLowering } from "./check-lowering.js";
import type { IndexingKernel } from "./kernel.js";

/**
 * Describes the machine that a program is compiled for: what its kernels can do, and which sizes are fast. Every engine provides its
 * own; the compiler has no default. Sizes are numbers of elements unless the name says bytes, and `Infinity` means no limit. Numbers
 * are integers, except costs, and at least 0 unless their comment gives another minimum. `lower`, `fuse` and `planMemory` throw an
 * ArgumentError for a target with other numbers.
 */
export interface Target {
  /** Its name in errors. */
  readonly name: string;
  /** The element types that its kernels can read, compute and write. Kernels compare indices, so int32 requires bool. */
  readonly dtypes: readonly DType[];
  /** The number of bytes that an element of a type takes in a buffer. */
  readonly elementBytes: (dtype: DType) => number;
  /** `abortingChecks` if a kernel can abort the program with an error, otherwise `reportingChecks`: see `Program.findings`. */
  readonly checks: CheckLowering;
  readonly memory: {
    /**
     * The alignment of every buffer, at least 1 and finite. A machine that accesses only aligned elements needs a multiple of the size
     * of its largest element.
     */
    readonly alignmentBytes: number;
    /** The number of bytes that a kernel may read beyond the end of a buffer, because it loads whole vectors. Finite. */
    readonly overreadBytes: number;
  };
  /** The limits of one kernel. */
  readonly kernel: {
    /** The number of different buffers that it may read and write, at least 4. In WebGPU: `maxStorageBuffersPerShaderStage`. */
    readonly buffers: number;
    /**
     * The number of operands that a loop may read, or that joined loops may read and write together. A buffer that is read in two
     * orders counts as two operands, because each takes a pointer. At least 3, the operands of `where`; with `reportingChecks` at
     * least 5.
     */
    readonly operands: number;
    /**
     * The number of operations and operands that a loop's expressions may have. At least 4, the parts of `where`; with
     * `reportingChecks` at least 10. It must be finite: a longer chain becomes several loops, so every pass may recurse through an
     * expression and takes time proportional to the chain.
     */
    readonly parts: number;
  };
  readonly products: {
    /** The number of operands that an epilogue may read besides the sums. */
    readonly epilogueOperands: number;
    /** Whether an epilogue can traverse a row with any stride, not only with stride 1 or 0. */
    readonly stridedEpilogues: boolean;
    /** Whether an epilogue can compute with the index of an element. */
    readonly positionsInEpilogues: boolean;
    /** Whether an epilogue can compute on wider element types than the product's. */
    readonly mixedWidthEpilogues: boolean;
    /**
     * Loop-invariant operands b in a `scan` are packed once before it: in panels of `columns` columns, for products of these types
     * with at most `rows` rows.
     */
    readonly panels: { readonly dtypes: readonly DType[]; readonly columns: number; readonly rows: number };
  };
  /** How reductions are split in two, so that several threads can work on them, or rows stay in a cache. */
  readonly reductions: {
    /** Reductions of fewer elements are not split. */
    readonly leastSize: number;
    /** The approximate size of a part. */
    readonly partSize: number;
    /** A reduction with at least this number of results is not split, because its results can be divided among threads. */
    readonly enoughResults: number;
    /** Rows of at least this length are combined a few at a time. */
    readonly longRow: number;
    /** The smallest number of parts, and the smallest number of rows in a part of long rows. */
    readonly fewestParts: number;
    readonly fewestRows: number;
  };
  /** How loops over the same rows are joined to one loop over blocks of rows. */
  readonly rowBlocks: {
    /** The desired size of everything a block reads and writes: the size of the first-level cache. */
    readonly blockBytes: number;
    /** The upper limit of that size, and so of the buffers that hold one block. */
    readonly mostBlockBytes: number;
    /** Loops over fewer bytes are not joined. */
    readonly leastBytes: number;
    /** The largest number of loops in a kernel, and of parts in all of them together. */
    readonly loops: number;
    readonly parts: number;
  };
  /** The tiles of loops that read across the order of memory: see `tiled`. */
  readonly tiles: Tiles;
  /** The approximate work per element, in units of one operation of a loop. */
  readonly costs: { readonly [Kind in "multiplyAdd" | "fill" | IndexingKernel["kind"]]: number };
}

/** How a machine tiles a loop that reads across the order of memory. */
export interface Tiles {
  /** The largest number of cache lines that a tile spans, and of elements that it takes of each. */
  readonly lines: number;
  readonly elements: number;
  /** Tiles with a shorter side are not used. */
  readonly leastSide: number;
  /** Loops over fewer elements are not tiled. */
  readonly leastSize: number;
}

/** Throws a DTypeError for the operation `called` if a target does not support this element type. */
export function expectElements({ name, dtypes }: Target, dtype: DType, called: string): void {
  if (dtypes.includes(dtype)) return;
  const problem = `got ${dtype}; the engine ${name} supports only ${dtypes.join(", ")}`;
  throw new DTypeError(called, problem, 'Cast with x.cast("float32")');
}
