import { sameShape, sizeOf, type Node, type Shape, type TensorType } from "@stargrad/graph";
import { NodeNumbers } from "@stargrad/graph/internal";
import { ExpressionSizes } from "./expression-sizes.js";
import { canWalkTogether } from "./iteration.js";
import {
  countBuffers,
  type BufferSpec,
  type CopiedPart,
  type CopyKernel,
  type Kernel,
  type Leaf,
  type LoopExpression,
  type ProductKernel,
} from "./kernel.js";
import * as layouts from "./layout.js";
import { contiguous, isContiguous, isRun, type Layout } from "./layout.js";
import type { BodyLowering } from "./loop-lowering.js";
import type { BufferContents } from "./placing.js";
import { withLayouts } from "./rewrite.js";
import { expectElements, type Target } from "./target.js";

/** A node whose elements are in a buffer. */
export type Load = Extract<LoopExpression, { kind: "load" }>;

/** A part of at most this many elements is copied if it is at most this fraction of a buffer; larger parts are read by loops. */
const largestPart = { elements: 1024, fraction: 1 / 16 };

/**
 * The expression of each node while a graph is lowered. An expression costs nothing by itself: a kernel that reads the node computes
 * it. Materializing a node adds a buffer and the kernel that writes it; from then on the node's expression is a load of this buffer.
 */
export class NodeExpressions {
  /** The kernels so far; lowering appends to it. */
  readonly kernels: Kernel[] = [];
  /** The products, by the buffer of their result. */
  readonly products = new Map<number, ProductKernel>();
  /** Copies of a body's formals, which are computed once, before the loop. */
  readonly copiesOfFormals: Kernel[] = [];
  /** The buffers of the leaves. */
  readonly inputs: number[] = [];
  readonly #target: Target;
  readonly #buffers: BufferSpec[];
  /** Numbers of the nodes that are lowered here and of leaves. A body's formals have none: they belong to the outer graph. */
  readonly #numbers = new NodeNumbers();
  /** By number: each node, without leaves, and its expression. */
  readonly #nodes: readonly Node[];
  readonly #expressions: (LoopExpression | undefined)[];
  readonly #formals: Map<Node, LoopExpression>;
  readonly #destinations: ReadonlyMap<BufferContents, number>;
  readonly #sizes = new ExpressionSizes();
  /** The latest kernel that copies parts, and its parts. */
  #copying: { readonly kernel: CopyKernel; readonly parts: CopiedPart[] } | null = null;
  /** The numbers of the nodes, once a body has been lowered. */
  #indices: ReadonlyMap<Node, number> | null = null;

  /** `buffers`: the buffers so far; lowering appends to it. */
  constructor({ order, known, destinations }: BodyLowering, buffers: BufferSpec[], target: Target) {
    this.#target = target;
    this.#buffers = buffers;
    this.#nodes = order;
    this.#expressions = new Array<undefined>(order.length).fill(undefined);
    this.#formals = new Map(known);
    this.#destinations = destinations;
    for (let i = 0; i < order.length; i++) this.#numbers.set(order[i], i);
  }

  /** Numbers those of some nodes that belong to this graph again, after another walk has visited them. */
  numberAgain(visited: readonly Node[]): void {
    this.#indices ??= new Map(this.#nodes.map((node, i) => [node, i]));
    for (const node of visited) {
      const index = this.#indices.get(node);
      if (index !== undefined) this.#numbers.set(node, index);
    }
  }

  /** The number of a node: its index in the order, and after these the leaves; `undefined` for a formal. */
  numberOf(node: Node): number | undefined {
    return this.#numbers.get(node);
  }

  /** Creates the input buffer of a leaf, unless it has one. */
  readLeaf(node: Node): void {
    if (this.#numbers.has(node) || this.#formals.has(node)) return;
    expectElements(this.#target, node.dtype, "tensor");
    const buffer = this.allocate(node);
    this.inputs.push(buffer);
    this.#numbers.set(node, this.#expressions.push(loadWhole(buffer, node)) - 1);
  }

  /** A new buffer, or the one into which the contents must be computed. */
  allocate(contents: BufferContents): number {
    const { operation, dtype, shape } = contents;
    const destination = this.#destinations.get(contents);
    if (destination !== undefined) return destination;
    return this.addBuffer({ contents: operation?.primitive ?? "data", shape, dtype, size: sizeOf(shape) });
  }

  addBuffer(spec: BufferSpec): number {
    return this.#buffers.push(spec) - 1;
  }

  of(node: Node): LoopExpression {
    const number = this.#numbers.get(node);
    const known = number === undefined ? this.#formals.get(node) : this.#expressions[number];
    if (known === undefined) throw new Error("a node is used before it is lowered");
    return known;
  }

  set(node: Node, expression: LoopExpression): void {
    const number = this.#numbers.get(node);
    if (number === undefined) this.#formals.set(node, expression);
    else this.#expressions[number] = expression;
  }

  /** Whether computing a node again takes arithmetic. */
  isWork(node: Node): boolean {
    return this.of(node).kind === "apply";
  }

  /** A node as a load from a buffer, through any layout: products read their operands from memory. */
  loaded(node: Node): Load {
    const known = this.of(node);
    return known.kind === "load" ? known : this.copied(node);
  }

  /**
   * A node as a load of a whole, contiguous buffer. Materializes it if necessary. A formal with another layout stands for a constant:
   * the buffers of carries and of slices are whole.
   */
  copied(node: Node): Load {
    const known = this.of(node);
    if (known.kind === "load" && isWholeBuffer(known, this.#buffers)) return known;
    const buffer = this.allocate(node);
    if (sizeOf(node.shape) > 0) {
      const layout = contiguous(node.shape);
      if (this.#numbers.has(node)) this.#write(buffer, layout, known, node.shape);
      else
        this.copiesOfFormals.push({
          kind: "map",
          shape: node.shape,
          results: [{ expression: known, buffer, layout }],
        });
    }
    const load = loadWhole(buffer, node);
    this.set(node, load);
    return load;
  }

  materialize(node: Node): void {
    this.copied(node);
  }

  materializeIfWork(node: Node): void {
    if (this.isWork(node)) this.materialize(node);
  }

  /** Writes a node's elements into a part of a buffer. */
  writeTo(buffer: number, layout: Layout | null, node: Node): void {
    if (layout === null) throw new Error("a contiguous buffer cannot be sliced");
    if (sizeOf(node.shape) === 0) return;
    let expression = this.of(node);
    const { leaves } = this.#sizes.of(expression);
    if (!canWalkTogether(node.shape, [...leaves.map(layoutOf), layout])) expression = this.copied(node);
    this.#write(buffer, layout, expression, node.shape);
  }

  /** Appends a kernel that writes an expression, or a part to the kernel before. */
  #write(buffer: number, layout: Layout, expression: LoopExpression, shape: Shape): void {
    if (expression.kind === "load" && this.#isSmallPart(expression, buffer, layout, shape)) {
      this.#copy({
        from: expression.buffer,
        fromPosition: expression.layout.offset,
        to: buffer,
        toPosition: layout.offset,
        size: sizeOf(shape),
      });
    } else {
      this.kernels.push({ kind: "map", shape, results: [{ expression, buffer, layout }] });
    }
  }

  /**
   * Whether a load is a run of neighbouring elements that is written to neighbouring places, and one of the two buffers is much
   * larger. A product writes its result itself, through any layout: see `withEpilogues`.
   */
  #isSmallPart(load: Load, buffer: number, layout: Layout, shape: Shape): boolean {
    const size = sizeOf(shape);
    if (size > largestPart.elements) return false;
    const whole = Math.max(this.#buffers[load.buffer].size, this.#buffers[buffer].size);
    if (size > whole * largestPart.fraction || this.products.has(load.buffer)) return false;
    return isRun(load.layout) && isRun(layout);
  }

  #copy(part: CopiedPart): void {
    if (this.#copying === null || this.kernels.at(-1) !== this.#copying.kernel) {
      const parts: CopiedPart[] = [];
      this.#copying = { kernel: { kind: "copy", parts }, parts };
      this.kernels.push(this.#copying.kernel);
    }
    this.#copying.parts.push(part);
  }

  /** A node's expression with changed layouts. If a layout cannot be changed, materializes the node, whose layout then can be. */
  seenThrough(node: Node, change: (layout: Layout) => Layout | null): LoopExpression {
    const moved = withLayouts(this.of(node), change) ?? withLayouts(this.copied(node), change);
    if (moved === null) throw new Error("a movement of a contiguous tensor cannot be expressed as a layout");
    return moved;
  }

  /** A node broadcast to a shape. If it repeats elements that take arithmetic, it is materialized, so that they are computed once. */
  repeated(node: Node, shape: Shape): LoopExpression {
    if (sameShape(node.shape, shape)) return this.of(node);
    this.materializeIfWork(node);
    return this.seenThrough(node, (layout) => layouts.expand(layout, shape));
  }

  /** Whether one loop over a shape can read all leaves of these operands, and one kernel can write the result. */
  fitOneLoop(operands: readonly LoopExpression[], shape: Shape): boolean {
    const { leaves } = this.#sizes.ofAll(operands);
    return this.#fits(leaves) && canWalkTogether(shape, leaves.map(layoutOf));
  }

  /** Whether one kernel can read these leaves and write a buffer. */
  #fits(leaves: readonly Leaf[]): boolean {
    const { operands, buffers } = this.#target.kernel;
    return leaves.length <= operands && (leaves.length < buffers || countBuffers(leaves, []) < buffers);
  }

  /**
   * Materializes the largest of some nodes, each at most once, until an expression of all of them with `more` parts fits one loop. A
   * legal target has room for it once all of them are materialized.
   */
  keepSmall(nodes: readonly Node[], more: number): void {
    const most = this.#target.kernel.parts;
    const fits = (): boolean =>
      this.#sizes.ofAll(nodes.map((node) => this.of(node))).parts - 1 + more <= most;
    if (fits()) return;
    const partsOf = (node: Node): number => this.#sizes.of(this.of(node)).parts;
    for (const node of [...nodes].sort((a, b) => partsOf(b) - partsOf(a))) {
      if (fits()) return;
      this.materialize(node);
    }
  }

  /** Materializes a node if a loop cannot add its expression to a previous sum: two more parts, one of them an operand. */
  keepAddable(node: Node): void {
    this.keepSmall([node], 2);
    const { leaves } = this.#sizes.of(this.of(node));
    if (leaves.length >= this.#target.kernel.operands) this.materialize(node);
  }
}

/** The load of a whole buffer with elements of a type and shape. */
export function loadWhole(buffer: number, { dtype, shape }: TensorType): Load {
  return { kind: "load", dtype, buffer, layout: contiguous(shape) };
}

/** Whether a load reads its whole buffer in row-major order. */
function isWholeBuffer(load: Load, buffers: readonly BufferSpec[]): boolean {
  return isContiguous(load.layout) && layouts.countOf(load.layout) === buffers[load.buffer].size;
}

function layoutOf({ layout }: { readonly layout: Layout }): Layout {
  return layout;
}
