import type { AttributesOf, BinaryName, DType, PrimitiveName, Shape, UnaryName } from "@stargrad/graph";
import type { Digit, Layout } from "./layout.js";

/** A piece of memory a program works with, known by its number. */
export interface BufferSpec {
  /** What it holds, for messages: the primitive that computes it and the shape, as in `matmul [32, 10]`. */
  readonly name: string;
  readonly dtype: DType;
  /** In elements. */
  readonly size: number;
}

/** An elementwise primitive inside a loop. */
export type ElementwiseName = Exclude<UnaryName | BinaryName, "mod"> | "where" | "cast";

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

/** No loop has more operands than this: each takes a pointer, and machines have few registers. */
export const operandBound = 24;

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

/** Computes an expression for each element of a shape and combines those along some axes. The output is row-major. */
export interface ReduceKernel {
  readonly kind: "reduce";
  readonly combine: "sum" | "prod" | "max";
  readonly shape: Shape;
  readonly axes: readonly number[];
  readonly expression: LoopExpression;
  readonly buffer: number;
}

/** One operand of a product: for each of its three axes, the digits it is walked by. */
export interface ProductOperand {
  readonly buffer: number;
  readonly offset: number;
  readonly batch: readonly Digit[];
  readonly rows: readonly Digit[];
  readonly columns: readonly Digit[];
}

/** A batch of matrix products, row-major into its buffer. */
export interface ProductKernel {
  readonly kind: "product";
  readonly dtype: DType;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: ProductOperand;
  readonly b: ProductOperand;
  readonly buffer: number;
}

/** Sets every element of a buffer. */
export interface FillKernel {
  readonly kind: "fill";
  readonly buffer: number;
  readonly value: number;
}

/** A primitive that is computed as a whole, from row-major buffers to a row-major buffer. */
export type WholeKernel = {
  [P in PrimitiveName]: {
    readonly kind: "whole";
    readonly primitive: P;
    readonly attributes: AttributesOf<P>;
    readonly inputs: readonly { readonly buffer: number; readonly shape: Shape }[];
    readonly buffer: number;
    readonly shape: Shape;
  };
}[PrimitiveName];

export type Kernel = MapKernel | ReduceKernel | ProductKernel | FillKernel | WholeKernel;

/** What an engine runs: kernels in order, over numbered buffers. */
export interface Program {
  readonly buffers: readonly BufferSpec[];
  /** The buffers that hold the elements of the graph's leaves, in the order the leaves were met. */
  readonly inputs: readonly number[];
  /** The buffers that hold the results, in the order they were asked for. */
  readonly outputs: readonly number[];
  readonly kernels: readonly Kernel[];
}

/** The buffers a kernel reads and the one it writes. */
export function buffersOf(kernel: Kernel): { reads: number[]; writes: number[] } {
  switch (kernel.kind) {
    case "map":
      return {
        reads: loadedBuffers(kernel.results.map(({ expression }) => expression)),
        writes: kernel.results.map(({ buffer }) => buffer),
      };
    case "reduce":
      return { reads: loadedBuffers([kernel.expression]), writes: [kernel.buffer] };
    case "product":
      return { reads: [kernel.a.buffer, kernel.b.buffer], writes: [kernel.buffer] };
    case "fill":
      return { reads: [], writes: [kernel.buffer] };
    case "whole":
      return { reads: kernel.inputs.map(({ buffer }) => buffer), writes: [kernel.buffer] };
  }
}

/** What an expression reads. */
export type Leaf = Exclude<LoopExpression, { kind: "apply" }>;

/** Every part of some expressions once, also one that several share. */
export function partsOf(expressions: readonly LoopExpression[]): LoopExpression[] {
  const parts = new Set<LoopExpression>();
  const visit = (expression: LoopExpression): void => {
    if (parts.has(expression)) return;
    parts.add(expression);
    if (expression.kind === "apply") expression.inputs.forEach(visit);
  };
  expressions.forEach(visit);
  return [...parts];
}

export function leavesOf(expressions: readonly LoopExpression[]): Leaf[] {
  return partsOf(expressions).filter((part) => part.kind !== "apply");
}

/** Two leaves with one key read the same elements in the same order. */
export function leafKey(leaf: Leaf): string {
  return `${leaf.kind === "load" ? leaf.buffer : "place"} ${JSON.stringify(leaf.layout)}`;
}

function loadedBuffers(expressions: readonly LoopExpression[]): number[] {
  return leavesOf(expressions).flatMap((leaf) => (leaf.kind === "load" ? [leaf.buffer] : []));
}
