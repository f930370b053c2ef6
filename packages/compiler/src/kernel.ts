import { formatShape, type CheckAttributes, type DType, type NameOfKind, type Shape } from "@stargrad/graph";
import { layoutKey, sameLayout, type Digit, type Layout } from "./layout.js";

/** A piece of memory a program works with, known by its number. */
export interface BufferSpec {
  /** What it holds, for messages: the primitive that computes it, or what it is for, and the shape of that. */
  readonly contents: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** In elements. */
  readonly size: number;
}

/** What messages call a buffer, as in `matmul [32, 10]`. */
export function bufferName({ contents, shape }: Pick<BufferSpec, "contents" | "shape">): string {
  return `${contents} ${formatShape(shape)}`;
}

/** An elementwise primitive inside a loop. */
export type ElementwiseName = NameOfKind<"elementwise" | "conversion">;

/**
 * What a loop computes for one element of its iteration space. A layout says where the element's operand stands, so
 * reshapes, transposes, broadcasts and slices are gone by now: they are how a loop reads.
 */
export type LoopExpression =
  | { readonly kind: "load"; readonly dtype: DType; readonly buffer: number; readonly layout: Layout }
  /** The place of the element in the layout, as a number: what `iota` is made of. */
  | { readonly kind: "place"; readonly dtype: "int32"; readonly layout: Layout }
  | {
      readonly kind: "apply";
      readonly dtype: DType;
      readonly primitive: ElementwiseName;
      readonly inputs: readonly LoopExpression[];
    };

/** Computes an expression for each element of a shape and writes it where the layout says. */
export interface MapKernel {
  readonly kind: "map";
  readonly shape: Shape;
  readonly results: readonly MapResult[];
}

export interface MapResult {
  readonly expression: LoopExpression;
  readonly buffer: number;
  readonly layout: Layout;
}

/** Computes an expression for each element of a shape and combines those along some axes. */
export interface ReduceKernel {
  readonly kind: "reduce";
  readonly combine: NameOfKind<"reduction">;
  readonly shape: Shape;
  readonly axes: readonly number[];
  readonly expression: LoopExpression;
  readonly buffer: number;
  /** Where each element's result stands: row-major, and standing still along the axes that are combined. */
  readonly layout: Layout;
}

export type LoopKernel = MapKernel | ReduceKernel;

/**
 * Several loops, block of rows by block of rows. The first axis of each of them counts the blocks, none combines along it,
 * and what one of them writes the others read in the same block. So a block's elements stay near while all loops pass over
 * them, and blocks can be computed in any order, or at once.
 */
export interface RowsKernel {
  readonly kind: "rows";
  readonly blocks: number;
  readonly loops: readonly LoopKernel[];
  /**
   * Buffers that hold one block at a time, because nobody reads them later: their layouts stand still along the first axis.
   * Each thread has its own.
   */
  readonly locals: readonly number[];
}

/** An operand or the result of a product: for each of its three axes, the digits it is walked by. */
export interface ProductOperand {
  readonly buffer: number;
  readonly offset: number;
  readonly batch: readonly Digit[];
  readonly rows: readonly Digit[];
  readonly columns: readonly Digit[];
  /** Whether it has been arranged as the inner loop reads it, so that it need not be copied. */
  readonly readWhereItLies?: boolean;
}

/**
 * A batch of matrix products, c = a · b, and what is made of them at once. The epilogue has the axes batch, rows and columns; in it, a
 * load of c's buffer is the finished sum, and a result may go there instead of it.
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

/** The elements of a tensor as they stand in a buffer. */
export interface Operand {
  readonly buffer: number;
  readonly layout: Layout;
}

/**
 * Ends the program if an operand holds a number that must not be there. `faulty` is the first such number and the last one, going
 * upwards and from the largest int32 on to the smallest: outside 0 to 9 is from 10 to −1.
 */
export interface CheckKernel {
  readonly kind: "check";
  /** Whose operand it is, for the error. */
  readonly primitive: "gather" | "scatterAdd" | "mod" | "pow" | "check";
  /** What the operation `check` says of the number; none for others. */
  readonly attributes?: CheckAttributes;
  readonly shape: Shape;
  readonly operand: Operand;
  readonly faulty: { readonly from: number; readonly to: number };
}

/** y = x[layout + index · step], for each element of a shape: along the axis that the index replaces, x's layout stands still. */
export interface GatherKernel {
  readonly kind: "gather";
  readonly shape: Shape;
  readonly index: Operand;
  readonly x: Operand;
  /** How far apart neighbours on the indexed axis stand, in elements. */
  readonly step: number;
  readonly buffer: number;
}

/** target[layout + index · step] += x, for each element of a shape, in row-major order. It is zero-filled before. */
export interface ScatterAddKernel {
  readonly kind: "scatterAdd";
  readonly shape: Shape;
  readonly index: Operand;
  readonly x: Operand;
  readonly target: Operand;
  readonly step: number;
  /** How many places there are along the indexed axis. */
  readonly size: number;
}

/** Running totals along one axis, row-major into its buffer. */
export interface CumulativeSumKernel {
  readonly kind: "cumsum";
  readonly shape: Shape;
  readonly axis: number;
  readonly x: Operand;
  readonly buffer: number;
}

/** The order that sorts one axis, row-major into its buffer. */
export interface ArgsortKernel {
  readonly kind: "argsort";
  readonly shape: Shape;
  readonly axis: number;
  readonly descending: boolean;
  readonly x: Operand;
  readonly buffer: number;
}

/** Random words, as many as there are elements. The state's four numbers fill a buffer. */
export interface RandomBitsKernel {
  readonly kind: "randomBits";
  readonly shape: Shape;
  readonly state: number;
  readonly buffer: number;
}

/** A kernel that works by the numbers of an index, or in another order than its elements'. */
export type IndexingKernel =
  CheckKernel | GatherKernel | ScatterAddKernel | CumulativeSumKernel | ArgsortKernel | RandomBitsKernel;

/** A buffer that is a part of another one, and of another part at each iteration of a loop. */
export interface View {
  readonly buffer: number;
  readonly source: number;
  /** In elements: at iteration i the view begins at `offset + i · stride` of the source, or `offset + (i mod 2) · stride`. */
  readonly offset: number;
  readonly stride: number;
  readonly alternates: boolean;
}

/** Runs kernels again and again. */
export interface ScanKernel {
  readonly kind: "scan";
  readonly length: number;
  readonly kernels: readonly Kernel[];
  readonly views: readonly View[];
  /** The buffers that later iterations, or whoever comes after the loop, read. */
  readonly results: readonly number[];
}

export type Kernel = LoopKernel | RowsKernel | ProductKernel | FillKernel | IndexingKernel | ScanKernel;

/** What an engine runs: kernels in order, over numbered buffers. */
export interface Program {
  readonly buffers: readonly BufferSpec[];
  /** The buffers that hold the elements of the graph's leaves, in the order the leaves were met. */
  readonly inputs: readonly number[];
  /** The buffers that hold the results, in the order they were asked for; then those of the findings. */
  readonly outputs: readonly number[];
  readonly kernels: readonly Kernel[];
  /** What there is for each check on a target whose kernels cannot end the program; else there are none. */
  readonly findings: readonly Finding[];
}

/**
 * What a check has found, in two buffers of one int32 each. Once the program has run, the engine reads them, and if there is a faulty
 * number it throws `failureOf` and takes over none of the results.
 */
export interface Finding extends Pick<CheckKernel, "primitive" | "attributes" | "faulty"> {
  /** How many elements the operand has. */
  readonly size: number;
  /** Holds 0 if no number is faulty, else `size` less the position of the first that is. */
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

/** The buffers of the program that a kernel reads, and those it writes. */
export function buffersOf(kernel: Kernel): KernelBuffers {
  // Many passes ask, and kernels never change.
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

/** What an expression reads. */
export type Leaf = Exclude<LoopExpression, { kind: "apply" }>;

/** Every part of some expressions once, also one that several share; without those that are known, and what they are made of. */
export function partsOf(
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

/** How many different buffers some leaves read, and these others are. */
export function countBuffers(leaves: Iterable<Leaf>, others: Iterable<number>): number {
  const buffers = new Set(others);
  for (const leaf of leaves) if (leaf.kind === "load") buffers.add(leaf.buffer);
  return buffers.size;
}

export function leavesOf(expressions: readonly LoopExpression[]): Leaf[] {
  return partsOf(expressions).filter((part) => part.kind !== "apply");
}

/** Whether two leaves read the same elements in the same order. */
export function sameLeaf(a: Leaf, b: Leaf): boolean {
  const isSameSource = a.kind === "load" ? b.kind === "load" && a.buffer === b.buffer : b.kind === "place";
  return isSameSource && sameLayout(a.layout, b.layout);
}

/** Two leaves with one key read the same elements in the same order. */
export function leafKey(leaf: Leaf): string {
  return `${leaf.kind === "load" ? leaf.buffer : "place"} ${layoutKey(leaf.layout)}`;
}

function loadedBuffers(expressions: readonly LoopExpression[]): number[] {
  const buffers: number[] = [];
  for (const part of partsOf(expressions)) if (part.kind === "load") buffers.push(part.buffer);
  return buffers;
}
