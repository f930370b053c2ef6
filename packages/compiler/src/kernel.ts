import { formatShape, type CheckAttributes, type DType, type NameOfKind, type Shape } from "@stargrad/graph";
import { layoutKey, sameLayout, type Digit, type Layout } from "./layout.js";

/** A buffer of a program. Programs refer to buffers by number. */
export interface BufferSpec {
  /** Its contents, for messages: the primitive that computes it, or its purpose; and the shape of the contents. */
  readonly contents: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** In elements. */
  readonly size: number;
}

/** The name of a buffer in messages, as in `matmul [32, 10]`. */
export function bufferName({ contents, shape }: Pick<BufferSpec, "contents" | "shape">): string {
  return `${contents} ${formatShape(shape)}`;
}

/** The primitives that a loop can apply. */
export type ElementwiseName = NameOfKind<"elementwise" | "conversion">;

/**
 * The computation of a loop for one element of its iteration space. A layout gives the position of the operand of each element, so
 * reshapes, transposes, broadcasts and slices are part of the layouts and not operations.
 */
export type LoopExpression =
  | { readonly kind: "load"; readonly dtype: DType; readonly buffer: number; readonly layout: Layout }
  /** The position of the element in the layout, as a number. `iota` is lowered to it. */
  | { readonly kind: "index"; readonly dtype: "int32"; readonly layout: Layout }
  | {
      readonly kind: "apply";
      readonly dtype: DType;
      readonly primitive: ElementwiseName;
      readonly inputs: readonly LoopExpression[];
    };

/** Computes expressions for each element of a shape and writes each result through its layout. */
export interface MapKernel {
  readonly kind: "map";
  readonly shape: Shape;
  readonly results: readonly MapResult[];
}

/** A result of a loop: what is computed for each element, and where it is written. */
export interface MapResult {
  readonly expression: LoopExpression;
  readonly buffer: number;
  readonly layout: Layout;
}

/** Computes an expression for each element of a shape and combines the values along some axes. */
export interface ReduceKernel {
  readonly kind: "reduce";
  readonly combine: NameOfKind<"reduction">;
  readonly shape: Shape;
  readonly axes: readonly number[];
  readonly expression: LoopExpression;
  readonly buffer: number;
  /** The position of each element's result: row-major, with stride 0 along the reduced axes. */
  readonly layout: Layout;
}

/** A loop over the elements of a shape. */
export type LoopKernel = MapKernel | ReduceKernel;

/**
 * Several loops over blocks of rows. The first axis of each loop is the block index; no loop reduces along it. What one loop
 * writes, the others read in the same block only. So a block's elements stay in the cache while all loops process them, and blocks
 * can be computed in any order or in parallel.
 */
export interface RowsKernel {
  readonly kind: "rows";
  readonly blocks: number;
  readonly loops: readonly LoopKernel[];
  /**
   * Buffers that hold one block at a time, because no later kernel reads them: their layouts have stride 0 along the first axis.
   * Each thread has its own copy, so the engine allocates them, and the memory plan has no address for them.
   */
  readonly locals: readonly number[];
}

/** An operand or the result of a product: the digits of each of its three axes. */
export interface ProductOperand {
  readonly buffer: number;
  readonly offset: number;
  readonly batch: readonly Digit[];
  readonly rows: readonly Digit[];
  readonly columns: readonly Digit[];
  /** Whether it is packed in the order in which the inner loop reads it, so that it need not be copied. */
  readonly isPacked?: boolean;
}

/**
 * A batch of matrix products, c = a · b, with an epilogue, which computes further results from the sums. The epilogue has the axes
 * batch, rows and columns. In it, a load of c's buffer is the finished sum, and a result may overwrite the sum.
 */
export interface ProductKernel {
  readonly kind: "product";
  readonly dtype: DType;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: ProductOperand;
  readonly b: ProductOperand;
  readonly c: ProductOperand;
  readonly epilogue: readonly MapResult[];
}

/** Sets every element of a buffer. */
export interface FillKernel {
  readonly kind: "fill";
  readonly buffer: number;
  readonly value: number;
}

/** Neighbouring elements of one buffer that are copied to another buffer of the same element type. Positions are in elements. */
export interface CopiedPart {
  readonly from: number;
  readonly fromPosition: number;
  readonly to: number;
  readonly toPosition: number;
  readonly size: number;
}

/**
 * Copies small parts of buffers, one after another: a tensor that is assembled of many, or cut into many. An engine copies memory and
 * writes no code for it, so the limits of a kernel do not apply to it.
 */
export interface CopyKernel {
  readonly kind: "copy";
  readonly parts: readonly CopiedPart[];
}

/** The elements of a tensor in a buffer. */
export interface Operand {
  readonly buffer: number;
  readonly layout: Layout;
}

/**
 * Aborts the program if an operand contains a faulty number. `faulty` is the range of faulty int32 numbers, both ends included; it
 * wraps around from the largest int32 to the smallest. For example, everything outside 0 to 9 is from 10 to −1.
 */
export interface CheckKernel {
  readonly kind: "check";
  /** The primitive whose operand is checked, for the error. */
  readonly primitive: "gather" | "scatterAdd" | "mod" | "pow" | "check";
  /** The attributes of the primitive `check`; `undefined` for others. */
  readonly attributes?: CheckAttributes;
  readonly shape: Shape;
  readonly operand: Operand;
  readonly faulty: { readonly from: number; readonly to: number };
}

/** y = x[layout + index · step], for each element of a shape. Along the indexed axis, x's layout has stride 0. */
export interface GatherKernel {
  readonly kind: "gather";
  readonly shape: Shape;
  readonly index: Operand;
  readonly x: Operand;
  /** The stride of the indexed axis, in elements. */
  readonly step: number;
  readonly buffer: number;
}

/** target[layout + index · step] += x, for each element of a shape, in row-major order. An earlier kernel fills the target with 0. */
export interface ScatterAddKernel {
  readonly kind: "scatterAdd";
  readonly shape: Shape;
  readonly index: Operand;
  readonly x: Operand;
  readonly target: Operand;
  readonly step: number;
  /** The length of the indexed axis. */
  readonly size: number;
}

/** Cumulative sums along one axis, written row-major. */
export interface CumulativeSumKernel {
  readonly kind: "cumsum";
  readonly shape: Shape;
  readonly axis: number;
  readonly x: Operand;
  readonly buffer: number;
}

/** The indices that sort one axis, written row-major. */
export interface ArgsortKernel {
  readonly kind: "argsort";
  readonly shape: Shape;
  readonly axis: number;
  readonly descending: boolean;
  readonly x: Operand;
  readonly buffer: number;
}

/** One random word for each element. `state` is the buffer that holds the four numbers of the state. */
export interface RandomBitsKernel {
  readonly kind: "randomBits";
  readonly shape: Shape;
  readonly state: number;
  readonly buffer: number;
}

/** A kernel whose accesses depend on an index, or that does not compute element by element. */
export type IndexingKernel =
  CheckKernel | GatherKernel | ScatterAddKernel | CumulativeSumKernel | ArgsortKernel | RandomBitsKernel;

/** A buffer that is a part of another buffer; which part depends on the iteration of a loop. */
export interface View {
  readonly buffer: number;
  readonly source: number;
  /** In elements: at iteration i the view begins at `offset + i · stride` of the source, or `offset + (i mod 2) · stride`. */
  readonly offset: number;
  readonly stride: number;
  readonly alternates: boolean;
}

/** Runs its kernels `length` times. */
export interface ScanKernel {
  readonly kind: "scan";
  readonly length: number;
  readonly kernels: readonly Kernel[];
  readonly views: readonly View[];
  /** The buffers that later iterations or later kernels read. */
  readonly results: readonly number[];
}

/** One step of a program. */
export type Kernel =
  LoopKernel | RowsKernel | ProductKernel | FillKernel | CopyKernel | IndexingKernel | ScanKernel;

/** The input of an engine's code generation: kernels in order, over numbered buffers. */
export interface Program {
  readonly buffers: readonly BufferSpec[];
  /** The buffers of the graph's leaves, in the order in which lowering visits the leaves. */
  readonly inputs: readonly number[];
  /** The buffers of the outputs, in the order in which they were passed; then those of the findings. */
  readonly outputs: readonly number[];
  readonly kernels: readonly Kernel[];
  /** One finding for each check, on targets whose kernels cannot abort the program; otherwise empty. */
  readonly findings: readonly Finding[];
}

/**
 * The result of a check, in two buffers of one int32 each. The engine reads them after the program has run. If there is a faulty
 * number, it throws `failureOf` and discards all results.
 */
export interface Finding extends Pick<CheckKernel, "primitive" | "attributes" | "faulty"> {
  /** The number of elements of the operand. */
  readonly size: number;
  /** Holds 0 if no number is faulty, otherwise `size` minus the position of the first faulty number. */
  readonly found: number;
  /** Holds the first faulty number, if there is one. */
  readonly value: number;
}

export function isProduct(kernel: Kernel): kernel is ProductKernel {
  return kernel.kind === "product";
}

interface KernelBuffers {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

const knownBuffers = new WeakMap<Kernel, KernelBuffers>();

/** The buffers that a kernel reads, and those that it writes. */
export function buffersOf(kernel: Kernel): KernelBuffers {
  // Cached, because many passes call this and kernels are immutable.
  let known = knownBuffers.get(kernel);
  if (known === undefined) {
    known = findBuffers(kernel);
    knownBuffers.set(kernel, known);
  }
  return known;
}

function findBuffers(kernel: Kernel): KernelBuffers {
  switch (kernel.kind) {
    case "map":
      return {
        reads: loadedBuffers(kernel.results.map(({ expression }) => expression)),
        writes: kernel.results.map(({ buffer }) => buffer),
      };
    case "reduce":
      return { reads: loadedBuffers([kernel.expression]), writes: [kernel.buffer] };
    case "rows": {
      const touched = kernel.loops.map(buffersOf);
      const locals = new Set(kernel.locals);
      const outside = (buffer: number): boolean => !locals.has(buffer);
      return {
        reads: touched.flatMap(({ reads }) => reads).filter(outside),
        writes: touched.flatMap(({ writes }) => writes).filter(outside),
      };
    }
    case "product":
      return {
        reads: [
          kernel.a.buffer,
          kernel.b.buffer,
          ...loadedBuffers(kernel.epilogue.map(({ expression }) => expression)).filter(
            (buffer) => buffer !== kernel.c.buffer,
          ),
        ],
        writes: [kernel.c.buffer, ...kernel.epilogue.map(({ buffer }) => buffer)],
      };
    case "fill":
      return { reads: [], writes: [kernel.buffer] };
    case "copy":
      return { reads: kernel.parts.map(({ from }) => from), writes: kernel.parts.map(({ to }) => to) };
    case "check":
      return { reads: [kernel.operand.buffer], writes: [] };
    case "gather":
      return { reads: [kernel.index.buffer, kernel.x.buffer], writes: [kernel.buffer] };
    case "scatterAdd": {
      const target = kernel.target.buffer;
      return { reads: [kernel.index.buffer, kernel.x.buffer, target], writes: [target] };
    }
    case "cumsum":
    case "argsort":
      return { reads: [kernel.x.buffer], writes: [kernel.buffer] };
    case "randomBits":
      return { reads: [kernel.state], writes: [kernel.buffer] };
    case "scan": {
      const sources = new Map(kernel.views.map(({ buffer, source }) => [buffer, source]));
      const outside = (buffers: readonly number[]): number[] => [
        ...new Set(buffers.map((buffer) => sources.get(buffer) ?? buffer)),
      ];
      const touched = kernel.kernels.map(buffersOf);
      return {
        reads: outside(touched.flatMap(({ reads }) => reads)),
        writes: outside(touched.flatMap(({ writes }) => writes)),
      };
    }
  }
}

/** An operand of an expression. */
export type Leaf = Exclude<LoopExpression, { kind: "apply" }>;

/** All parts of some expressions, shared ones once. Skips the parts in `known` and their inputs. */
export function subexpressionsOf(
  expressions: readonly LoopExpression[],
  known?: ReadonlySet<LoopExpression>,
): LoopExpression[] {
  const parts = new Set<LoopExpression>();
  for (const expression of expressions) collectParts(expression, parts, known);
  return [...parts];
}

function collectParts(
  expression: LoopExpression,
  parts: Set<LoopExpression>,
  known?: ReadonlySet<LoopExpression>,
): void {
  if (parts.has(expression) || known?.has(expression) === true) return;
  parts.add(expression);
  if (expression.kind !== "apply") return;
  for (const input of expression.inputs) collectParts(input, parts, known);
}

/** The number of different buffers among those that leaves read and `others`. */
export function countBuffers(leaves: Iterable<Leaf>, others: Iterable<number>): number {
  const buffers = new Set(others);
  for (const leaf of leaves) if (leaf.kind === "load") buffers.add(leaf.buffer);
  return buffers.size;
}

/** The leaves of expressions: the elements that they read, and the positions that they compute with. */
export function leavesOf(expressions: readonly LoopExpression[]): Leaf[] {
  return subexpressionsOf(expressions).filter((part) => part.kind !== "apply");
}

/** Whether two leaves read the same elements in the same order. */
export function sameLeaf(a: Leaf, b: Leaf): boolean {
  const isSameSource = a.kind === "load" ? b.kind === "load" && a.buffer === b.buffer : b.kind === "index";
  return isSameSource && sameLayout(a.layout, b.layout);
}

/** A text that two leaves share exactly if they read the same elements in the same order. */
export function leafKey(leaf: Leaf): string {
  return `${leaf.kind === "load" ? leaf.buffer : "index"} ${layoutKey(leaf.layout)}`;
}

function loadedBuffers(expressions: readonly LoopExpression[]): number[] {
  const buffers: number[] = [];
  // Most loops of a program with very many loops only copy, and need no set of subexpressions.
  const parts = expressions.some(({ kind }) => kind === "apply")
    ? subexpressionsOf(expressions)
    : expressions;
  for (const part of parts) if (part.kind === "load") buffers.push(part.buffer);
  return buffers;
}
