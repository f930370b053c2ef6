import {
  formatShape,
  pendingNodes,
  sizeOf,
  type Node,
  type Operation,
  type Shape,
  type TensorType,
} from "@stargrad/graph";
import {
  buffersOf,
  leavesOf,
  operandBound,
  type BufferSpec,
  type ElementwiseName,
  type Kernel,
  type LoopExpression,
  type Operand,
  type Program,
} from "./kernel.js";
import { checkIntegers, lowerIndexing } from "./indexing.js";
import * as layouts from "./layout.js";
import { contiguous, isContiguous, type Layout } from "./layout.js";
import { refine } from "./iteration.js";
import { overlappingProduct, type Part } from "./overlapping-product.js";
import { operandOf, productOf } from "./product.js";

/**
 * Turns the pending part of a graph into a program.
 *
 * Walks the nodes in order. A node whose elements can be computed where they are needed (elementwise, casts, movement)
 * becomes an expression and costs nothing by itself; it gets a buffer of its own when somebody needs it as a whole:
 *
 * - it is an output, or read by a product, a reduction along with others, or a whole-tensor primitive;
 * - it is read more than once, or repeated (expand, windows), and takes arithmetic to compute;
 * - a movement cannot be expressed on it without a copy.
 */
export function lower(outputs: readonly Node[]): Program {
  return new Lowering(outputs).finish();
}

class Lowering {
  readonly #buffers: BufferSpec[] = [];
  readonly #kernels: Kernel[] = [];
  readonly #inputs: number[] = [];
  readonly #expressions = new Map<Node, LoopExpression>();
  readonly #uses = new Map<Node, number>();
  readonly #users = new Map<Node, Node>();
  readonly #outputs: readonly Node[];
  /** What other files build kernels with. */
  readonly #lowering = {
    kernels: this.#kernels,
    read: (node: Node): Operand => operandIn(this.#loaded(node)),
    copied: (node: Node): Operand => operandIn(this.#copied(node)),
    allocate: (node: Node): number => this.#allocate(node),
  };

  constructor(outputs: readonly Node[]) {
    this.#outputs = outputs;
    const order = pendingNodes(outputs);
    const pending = new Set(order);
    for (const node of order) {
      for (const input of node.operation?.inputs ?? []) {
        this.#uses.set(input, (this.#uses.get(input) ?? 0) + 1);
        this.#users.set(input, node);
        if (!pending.has(input)) this.#readLeaf(input);
      }
    }
    const wanted = new Set(outputs);
    for (const node of outputs) if (!pending.has(node)) this.#readLeaf(node);
    for (const node of order) {
      if (this.#isSummedAlongBatch(node)) continue;
      this.#expressions.set(node, this.#lower(node));
      const shared = (this.#uses.get(node) ?? 0) > 1 && this.#isWork(node);
      if (shared || wanted.has(node)) this.#settle(node);
    }
  }

  finish(): Program {
    const outputs = this.#outputs.map((node) => this.#contiguousBuffer(node));
    const kernels = withoutUnread(this.#kernels, outputs);
    return { buffers: this.#buffers, inputs: this.#inputs, outputs, kernels };
  }

  #lower(node: Node): LoopExpression {
    const { operation } = node;
    if (operation === null) throw new Error("a pending node has neither elements nor an operation");
    // Nothing to compute, and no layout: digits of length 0 cannot be divided.
    if (sizeOf(node.shape) === 0) return loadWhole(this.#allocate(node), node);
    switch (operation.primitive) {
      case "stopGradient":
        return this.#expressionOf(operation.inputs[0]);
      case "iota":
        return { kind: "place", dtype: "int32", layout: contiguous(node.shape) };
      case "permute":
        return this.#move(operation, (layout) => layouts.permute(layout, operation.attributes.axes));
      case "flip":
        return this.#move(operation, (layout) => layouts.flip(layout, operation.attributes.axes));
      case "reshape":
        return this.#move(operation, (layout) => layouts.reshape(layout, node.shape));
      case "slice": {
        const { starts, lengths, steps } = operation.attributes;
        return this.#move(operation, (layout) => layouts.slice(layout, starts, lengths, steps));
      }
      case "expand":
        this.#settleIfWork(operation.inputs[0]);
        return this.#move(operation, (layout) => layouts.expand(layout, node.shape));
      case "windows": {
        const { size, stride, dilation } = operation.attributes;
        const positions = node.shape.slice(
          node.shape.length - 2 * size.length,
          node.shape.length - size.length,
        );
        this.#settleIfWork(operation.inputs[0]);
        return this.#move(operation, (layout) => layouts.windows(layout, size, stride, dilation, positions));
      }
      case "sum":
        return this.#sumOfProducts(node, operation) ?? this.#reduce(node, operation);
      case "prod":
      case "max":
        return this.#reduce(node, operation);
      case "matmul":
        return this.#product(node, operation.inputs);
      case "overlapAdd":
        return this.#overlapAdd(node, operation);
      case "pad":
        return this.#pad(node, operation);
      case "concat":
        return this.#concat(node, operation);
      case "mod":
      case "pow":
        checkIntegers(node, operation, this.#lowering);
        return this.#apply(node, operation.primitive, operation.inputs);
      case "gather":
      case "scatterAdd":
      case "cumsum":
      case "argsort":
      case "randomBits":
        return loadWhole(lowerIndexing(node, operation, this.#lowering), node);
      default:
        return this.#apply(node, operation.primitive, operation.inputs);
    }
  }

  /** An elementwise primitive. Operands that are too many, or cannot be walked together, get buffers of their own. */
  #apply(node: Node, primitive: ElementwiseName, inputs: readonly Node[]): LoopExpression {
    let operands = inputs.map((input) => this.#expressionOf(input));
    const seen = leavesOf(operands).map(({ layout }) => layout);
    if (seen.length > operandBound || refine(node.shape, seen) === null) {
      operands = inputs.map((input) => this.#copied(input));
    }
    return { kind: "apply", dtype: node.dtype, primitive, inputs: operands };
  }

  /** A movement: every load reads elsewhere. If one cannot, the input is laid out afresh, where any movement can. */
  #move(operation: Operation, change: (layout: Layout) => Layout | null): LoopExpression {
    const [input] = operation.inputs;
    const moved = mapLayouts(this.#expressionOf(input), change) ?? mapLayouts(this.#copied(input), change);
    if (moved === null) throw new Error(`${operation.primitive} of a contiguous tensor needs no copy`);
    return moved;
  }

  #reduce(node: Node, operation: Operation & { primitive: "sum" | "prod" | "max" }): LoopExpression {
    const [input] = operation.inputs;
    const buffer = this.#allocate(node);
    if (sizeOf(input.shape) === 0) {
      this.#kernels.push({ kind: "fill", buffer, value: operation.primitive === "prod" ? 1 : 0 });
      return loadWhole(buffer, node);
    }
    this.#kernels.push({
      kind: "reduce",
      combine: operation.primitive,
      shape: input.shape,
      axes: operation.attributes.axes,
      expression: this.#expressionOf(input),
      buffer,
      layout: layouts.combined(input.shape, operation.attributes.axes),
    });
    return loadWhole(buffer, node);
  }

  #product(node: Node, [a, b]: readonly Node[]): LoopExpression {
    const buffer = this.#allocate(node);
    if (sizeOf(a.shape) === 0) {
      this.#kernels.push({ kind: "fill", buffer, value: 0 });
    } else {
      const [left, right] = [a, b].map((input) => {
        const load = this.#loaded(input);
        return operandOf(load.buffer, load.layout);
      });
      this.#kernels.push(productOf(node.dtype, left, right, buffer));
    }
    return loadWhole(buffer, node);
  }

  /** Matrix products that are added up along axes of the batch are one product, whose sums are as much longer. */
  #sumOfProducts(
    node: Node,
    { inputs: [input], attributes }: Operation & { primitive: "sum" },
  ): LoopExpression | null {
    if (!this.#isSummedAlongBatch(input) || input.operation === null) return null;
    const rank = input.shape.length;
    const { axes } = attributes;
    const [left, right] = input.operation.inputs.map((factor) => {
      const load = this.#loaded(factor);
      const summed = axes.flatMap((axis) => load.layout.axes[axis]);
      const batch = load.layout.axes.slice(0, rank - 2).filter((_, axis) => !axes.includes(axis));
      return { load, summed, batch: batch.flat(), last: load.layout.axes.slice(rank - 2) };
    });
    const buffer = this.#allocate(node);
    this.#kernels.push(
      productOf(
        node.dtype,
        {
          buffer: left.load.buffer,
          offset: left.load.layout.offset,
          batch: left.batch,
          rows: left.last[0],
          columns: layouts.joined([...left.summed, ...left.last[1]]),
        },
        {
          buffer: right.load.buffer,
          offset: right.load.layout.offset,
          batch: right.batch,
          rows: layouts.joined([...right.summed, ...right.last[0]]),
          columns: right.last[1],
        },
        buffer,
      ),
    );
    return loadWhole(buffer, node);
  }

  /** Whether a node is a batch of products of which nobody wants more than sums along axes of the batch. */
  #isSummedAlongBatch(node: Node): boolean {
    const user = this.#users.get(node);
    return (
      node.operation?.primitive === "matmul" &&
      this.#uses.get(node) === 1 &&
      !this.#outputs.includes(node) &&
      sizeOf(node.operation.inputs[0].shape) > 0 &&
      sizeOf(node.shape) > 0 &&
      user?.operation?.primitive === "sum" &&
      user.operation.attributes.axes.every((axis) => axis < node.shape.length - 2)
    );
  }

  /** A product reads its operands from memory, through any layout. */
  #loaded(node: Node): Extract<LoopExpression, { kind: "load" }> {
    const known = this.#expressionOf(node);
    return known.kind === "load" ? known : this.#copied(node);
  }

  #pad(node: Node, operation: Operation & { primitive: "pad" }): LoopExpression {
    const { before, between, value } = operation.attributes;
    const [input] = operation.inputs;
    const buffer = this.#allocate(node);
    this.#kernels.push({ kind: "fill", buffer, value });
    const steps = between.map((count) => count + 1);
    const inside = layouts.slice(contiguous(node.shape), before, input.shape, steps);
    this.#map(input, buffer, inside);
    return loadWhole(buffer, node);
  }

  #concat(node: Node, operation: Operation & { primitive: "concat" }): LoopExpression {
    const { axis } = operation.attributes;
    const buffer = this.#allocate(node);
    let start = 0;
    for (const input of operation.inputs) {
      const starts = node.shape.map((_, i) => (i === axis ? start : 0));
      const steps = node.shape.map(() => 1);
      this.#map(input, buffer, layouts.slice(contiguous(node.shape), starts, input.shape, steps));
      start += input.shape[axis];
    }
    return loadWhole(buffer, node);
  }

  /**
   * Adds windows back, one of their places at a time: the elements that stand at one place of all windows go to places of
   * the output that are all different, so each of these is an ordinary loop.
   */
  #overlapAdd(node: Node, operation: Operation & { primitive: "overlapAdd" }): LoopExpression {
    const { size, stride, dilation } = operation.attributes;
    const [input] = operation.inputs;
    const outer = node.shape.length - size.length;
    const positions = input.shape.slice(0, node.shape.length);
    const product = this.#overlappingProduct(node, operation);
    if (product !== null) return product;
    const buffer = this.#allocate(node);
    this.#kernels.push({ kind: "fill", buffer, value: 0 });
    const onlyHere = (place: readonly number[]) => (layout: Layout) => {
      const starts = [...positions.map(() => 0), ...place];
      const lengths = [...positions, ...place.map(() => 1)];
      const cut = layouts.slice(
        layout,
        starts,
        lengths,
        starts.map(() => 1),
      );
      return cut && { ...cut, axes: cut.axes.slice(0, positions.length) };
    };
    for (const place of indicesOf(size)) {
      const addend =
        mapLayouts(this.#expressionOf(input), onlyHere(place)) ??
        mapLayouts(this.#copied(input), onlyHere(place));
      const starts = positions.map((_, axis) =>
        axis < outer ? 0 : place[axis - outer] * dilation[axis - outer],
      );
      const steps = positions.map((_, axis) => (axis < outer ? 1 : stride[axis - outer]));
      const layout = layouts.slice(contiguous(node.shape), starts, positions, steps);
      if (addend === null || layout === null) throw new Error("contiguous windows can be cut anywhere");
      const known: LoopExpression = { kind: "load", dtype: node.dtype, buffer, layout };
      const expression: LoopExpression = {
        kind: "apply",
        dtype: node.dtype,
        primitive: "add",
        inputs: [known, addend],
      };
      this.#kernels.push({ kind: "map", shape: positions, results: [{ expression, buffer, layout }] });
    }
    return loadWhole(buffer, node);
  }

  /** Windows that are a product are added up by products, of the part of the sum that is read; `null` if they are none. */
  #overlappingProduct(node: Node, operation: Operation & { primitive: "overlapAdd" }): LoopExpression | null {
    const windows = this.#expressionOf(operation.inputs[0]);
    if (windows.kind !== "load") return null;
    const product = this.#kernels.find(
      (kernel) => kernel.kind === "product" && kernel.c.buffer === windows.buffer,
    );
    if (product?.kind !== "product") return null;
    const { starts, shape } = this.#partRead(node, operation.attributes.size.length);
    const found = overlappingProduct(product, windows.layout, operation.attributes, { starts, shape });
    if (found === null) return null;
    const { dtype } = node;
    const padded = this.#allocate({ operation, dtype, shape: found.padded });
    const buffer = this.#allocate({ operation, dtype, shape });
    const { shape: copied, from, to } = found.copy;
    if (copied.some((length, axis) => length !== found.padded[axis])) {
      this.#kernels.push({ kind: "fill", buffer: padded, value: 0 });
    }
    const expression = { kind: "load", dtype: node.dtype, buffer: product.b.buffer, layout: from } as const;
    this.#kernels.push({ kind: "map", shape: copied, results: [{ expression, buffer: padded, layout: to }] });
    if (found.leavesZeros) this.#kernels.push({ kind: "fill", buffer, value: 0 });
    this.#kernels.push(...found.products(padded, buffer));
    // Seen as the whole, of which the buffer holds the part that is read.
    const strides = contiguous(shape).axes.map((digits) => digits.at(0)?.stride ?? 0);
    const offset = -starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
    const axes = node.shape.map((length, axis) => layouts.digit(length, strides[axis]));
    return { kind: "load", dtype: node.dtype, buffer, layout: { offset, axes } };
  }

  /** The part of a node that its only user cuts out along the last axes, or all of it. */
  #partRead(node: Node, rank: number): Part {
    const user = this.#users.get(node)?.operation;
    const alone = this.#uses.get(node) === 1 && !this.#outputs.includes(node);
    if (alone && user?.primitive === "slice") {
      const { starts, lengths, steps } = user.attributes;
      const outerIsWhole = node.shape.slice(0, -rank).every((length, axis) => length === lengths[axis]);
      if (outerIsWhole && steps.every((step) => step === 1)) return { starts, shape: lengths };
    }
    return { starts: node.shape.map(() => 0), shape: node.shape };
  }

  /** Writes a node's elements into a part of a buffer. */
  #map(node: Node, buffer: number, layout: Layout | null): void {
    if (layout === null) throw new Error("a contiguous buffer can be cut anywhere");
    if (sizeOf(node.shape) === 0) return;
    let expression = this.#expressionOf(node);
    if (refine(node.shape, [...leavesOf([expression]).map((leaf) => leaf.layout), layout]) === null)
      expression = this.#copied(node);
    this.#kernels.push({ kind: "map", shape: node.shape, results: [{ expression, buffer, layout }] });
  }

  #expressionOf(node: Node): LoopExpression {
    const known = this.#expressions.get(node);
    if (known === undefined) throw new Error("a node is used before it is lowered");
    return known;
  }

  /** Gives a leaf its input buffer, unless it has one. */
  #readLeaf(node: Node): void {
    if (this.#expressions.has(node)) return;
    const buffer = this.#allocate(node);
    this.#inputs.push(buffer);
    this.#expressions.set(node, loadWhole(buffer, node));
  }

  /** The buffer that holds a node's elements, row-major; they are computed now if they were not yet. */
  #contiguousBuffer(node: Node): number {
    return this.#copied(node).buffer;
  }

  /** A node as a plain load of a buffer of its own. */
  #copied(node: Node): Extract<LoopExpression, { kind: "load" }> {
    const known = this.#expressionOf(node);
    if (known.kind === "load" && isWholeBuffer(known, this.#buffers)) return known;
    const buffer = this.#allocate(node);
    if (sizeOf(node.shape) > 0) {
      const results = [{ expression: known, buffer, layout: contiguous(node.shape) }];
      this.#kernels.push({ kind: "map", shape: node.shape, results });
    }
    const load = loadWhole(buffer, node);
    this.#expressions.set(node, load);
    return load;
  }

  #settle(node: Node): void {
    this.#copied(node);
  }

  #settleIfWork(node: Node): void {
    if (this.#isWork(node)) this.#settle(node);
  }

  /** Whether computing a node again would cost arithmetic. */
  #isWork(node: Node): boolean {
    return this.#expressionOf(node).kind === "apply";
  }

  #allocate({ operation, dtype, shape }: Pick<Node, "operation" | "dtype" | "shape">): number {
    const name = `${operation?.primitive ?? "data"} ${formatShape(shape)}`;
    return this.#buffers.push({ name, dtype, size: sizeOf(shape) }) - 1;
  }
}

function operandIn({ buffer, layout }: Operand): Operand {
  return { buffer, layout };
}

function loadWhole(buffer: number, { dtype, shape }: TensorType): Extract<LoopExpression, { kind: "load" }> {
  return { kind: "load", dtype, buffer, layout: contiguous(shape) };
}

/** Leaves out kernels whose results nobody reads, such as a product that was computed in another way. */
function withoutUnread(kernels: readonly Kernel[], outputs: readonly number[]): Kernel[] {
  const read = new Set(outputs);
  return [...kernels]
    .reverse()
    .filter((kernel) => {
      const { reads, writes } = buffersOf(kernel);
      // Others may end the program with an error, which must not be lost.
      const pure = kernel.kind === "map" || kernel.kind === "product" || kernel.kind === "fill";
      const kept = !pure || writes.some((buffer) => read.has(buffer));
      if (kept) for (const buffer of reads) read.add(buffer);
      return kept;
    })
    .reverse();
}

/** Every index into an array of this shape, row-major. */
function indicesOf(shape: Shape): number[][] {
  return shape.reduce(
    (outer: number[][], length) => outer.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  );
}

/** Whether a load shows its whole buffer just as it lies. */
function isWholeBuffer(
  load: Extract<LoopExpression, { kind: "load" }>,
  buffers: readonly BufferSpec[],
): boolean {
  return isContiguous(load.layout) && sizeOf(layouts.shapeOf(load.layout)) === buffers[load.buffer].size;
}

/** The expression with every layout changed; `null` if one of them cannot be. */
function mapLayouts(
  expression: LoopExpression,
  change: (layout: Layout) => Layout | null,
): LoopExpression | null {
  if (expression.kind !== "apply") {
    const layout = change(expression.layout);
    return layout === null ? null : { ...expression, layout };
  }
  const inputs: LoopExpression[] = [];
  for (const input of expression.inputs) {
    const moved = mapLayouts(input, change);
    if (moved === null) return null;
    inputs.push(moved);
  }
  return { ...expression, inputs };
}
