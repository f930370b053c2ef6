import { DTypeError, type DType } from "@stargrad/graph";
import type { CheckLowering } from "./check-lowering.js";
import type { IndexingKernel } from "./kernel.js";

/**
 * What the compiler has to know of the machine that a program is compiled for: what its kernels can do, and which sizes it is
 * fast with. Every engine brings its own; the compiler has no default. Sizes are numbers of elements unless the name says bytes, and
 * `Infinity` where there is no limit.
 */
export interface Target {
  /** What errors call it. */
  readonly name: string;
  /** The element types that its kernels can read, compute and write. */
  readonly dtypes: readonly DType[];
  /** How many bytes of a buffer an element of such a type takes. */
  readonly elementBytes: (dtype: DType) => number;
  /** `abortingChecks` if a kernel can end the program with an error, else `reportingChecks`: see `Program.findings`. */
  readonly checks: CheckLowering;
  readonly memory: {
    /** Every buffer begins at a multiple of this. */
    readonly alignmentBytes: number;
    /** How far beyond the last element of a buffer a kernel may read. A vector is loaded whole, also where only its first element counts. */
    readonly overreadBytes: number;
  };
  /** What fits one kernel. */
  readonly kernel: {
    /** How many different buffers it may read and write, at least 4. WebGPU calls this `maxStorageBuffersPerShaderStage`. */
    readonly buffers: number;
    /**
     * How many operands a loop may read, or joined loops may read and write together. A buffer that is read in two orders counts as
     * two operands: each takes a pointer.
     */
    readonly operands: number;
    /**
     * How many operations and operands a loop's expressions may have. A finite number: a chain that is longer becomes several loops,
     * so every pass may recurse through an expression, and takes time in proportion to the chain.
     */
    readonly parts: number;
  };
  readonly products: {
    /** How many operands an epilogue may read besides the sums. */
    readonly epilogueOperands: number;
    /** Whether an epilogue can walk along a row with any stride, and not only read neighbours or one element. */
    readonly stridedEpilogues: boolean;
    /** Whether an epilogue can compute with the position of an element. */
    readonly positionsInEpilogues: boolean;
    /** Whether an epilogue can compute on larger elements than the product's. */
    readonly mixedWidthEpilogues: boolean;
    /**
     * An operand b that a `scan` does not change is arranged once before it, in panels of so many columns, for products of these
     * types with at most so many rows.
     */
    readonly panels: { readonly dtypes: readonly DType[]; readonly columns: number; readonly rows: number };
  };
  /** How reductions are cut in two, so that several threads can take part, or rows stay in a cache. */
  readonly reductions: {
    /** Smaller ones are not worth a second kernel. */
    readonly leastSize: number;
    /** A part is about so large. */
    readonly partSize: number;
    /** With so many results, they can be divided among threads as they are. */
    readonly enoughResults: number;
    /** Rows from this length on are combined a few at a time. */
    readonly longRow: number;
    /** No fewer parts, and no fewer rows in a part where rows are long. */
    readonly fewestParts: number;
    readonly fewestRows: number;
  };
  /** How loops over the same rows are joined, block of rows by block of rows. */
  readonly rowBlocks: {
    /** What is read and written for a block should be no more than this: the nearest cache. */
    readonly blockBytes: number;
    /** It is never more than this, so neither are the buffers that hold one block. */
    readonly mostBlockBytes: number;
    /** Loops over less are left alone. */
    readonly leastBytes: number;
    /** A kernel has no more loops, and no more parts in all of them. */
    readonly loops: number;
    readonly parts: number;
  };
  /** How loops are walked that read against the order of memory: see `tiled`. */
  readonly tiles: Tiles;
  /** About how much a kernel has to do, in operations on one element; a loop has one for each of its parts. */
  readonly costs: { readonly [Kind in "multiplyAdd" | "fill" | IndexingKernel["kind"]]: number };
}

export interface Tiles {
  /** How many lines of memory a tile spans at most, and how many elements of each it takes. */
  readonly lines: number;
  readonly elements: number;
  /** Tiles with shorter sides are no help. */
  readonly leastSide: number;
  /** Walks over less are left as they are. */
  readonly leastSize: number;
}

/** Throws a DTypeError in the name of an operation if a target has no elements of this type. */
export function expectElements({ name, dtypes }: Target, dtype: DType, called: string): void {
  if (dtypes.includes(dtype)) return;
  const problem = `got ${dtype}; the engine ${name} computes with ${dtypes.join(", ")} alone`;
  throw new DTypeError(called, problem, 'Cast with x.cast("float32")');
}
