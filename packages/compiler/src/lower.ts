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
  leavesOf,
  operandBound,
  type BufferSpec,
  type ElementwiseName,
  type Kernel,
  type LoopExpression,
  type ProductOperand,
  type Program,
} from "./kernel.js";
import * as layouts from "./layout.js";
import { contiguous, isContiguous, type Layout } from "./layout.js";
import { refine } from "./iteration.js";

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
  readonly #outputs: readonly Node[];

  constructor(outputs: readonly Node[]) {
    this.#outputs = outputs;
    const order = pendingNodes(outputs);
    const pending = new Set(order);
    for (const node of order) {
      for (const input of node.operation?.inputs ?? []) {
        this.#uses.set(input, (this.#uses.get(input) ?? 0) + 1);
        if (!pending.has(input)) this.#readLeaf(input);
      }
    }
    const wanted = new Set(outputs);
    for (const node of order) {
      this.#expressions.set(node, this.#lower(node));
      const shared = (this.#uses.get(node) ?? 0) > 1 && this.#isWork(node);
      if (shared || wanted.has(node)) this.#settle(node);
    }
  }

  finish(): Program {
    const outputs = this.#outputs.map((node) => this.#contiguousBuffer(node));
    return { buffers: this.#buffers, inputs: this.#inputs, outputs, kernels: this.#kernels };
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
        return this.#whole(node, operation);
      case "pow":
        return node.dtype === "int32"
          ? this.#whole(node, operation)
          : this.#apply(node, "pow", operation.inputs);
      case "cumsum":
      case "gather":
      case "scatterAdd":
      case "argsort":
      case "randomBits":
        return this.#whole(node, operation);
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
    });
    return loadWhole(buffer, node);
  }

  #product(node: Node, [a, b]: readonly Node[]): LoopExpression {
    const rank = node.shape.length;
    const buffer = this.#allocate(node);
    if (sizeOf(a.shape) === 0) {
      this.#kernels.push({ kind: "fill", buffer, value: 0 });
      return loadWhole(buffer, node);
    }
    this.#kernels.push({
      kind: "product",
      dtype: node.dtype,
      batch: sizeOf(node.shape.slice(0, -2)),
      m: node.shape[rank - 2],
      n: node.shape[rank - 1],
      k: a.shape[rank - 1],
      a: this.#operand(a),
      b: this.#operand(b),
      buffer,
    });
    return loadWhole(buffer, node);
  }

  /** A product reads its operands from memory, through any layout. */
  #operand(node: Node): ProductOperand {
    const known = this.#expressionOf(node);
    const load = known.kind === "load" ? known : this.#copied(node);
    const { offset, axes } = load.layout;
    const rank = axes.length;
    return {
      buffer: load.buffer,
      offset,
      batch: axes.slice(0, -2).flat(),
      rows: axes[rank - 2],
      columns: axes[rank - 1],
    };
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

  #whole(node: Node, operation: Operation): LoopExpression {
    const inputs = operation.inputs.map((input) => ({
      buffer: this.#contiguousBuffer(input),
      shape: input.shape,
    }));
    const buffer = this.#allocate(node);
    const { primitive, attributes } = operation;
    // An operation carries the attributes of its own primitive; TypeScript loses that on the way.
    this.#kernels.push({ kind: "whole", primitive, attributes, inputs, buffer, shape: node.shape } as Kernel);
    return loadWhole(buffer, node);
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

  #allocate({ operation, dtype, shape }: Node): number {
    const name = `${operation?.primitive ?? "data"} ${formatShape(shape)}`;
    return this.#buffers.push({ name, dtype, size: sizeOf(shape) }) - 1;
  }
}

function loadWhole(buffer: number, { dtype, shape }: TensorType): Extract<LoopExpression, { kind: "load" }> {
  return { kind: "load", dtype, buffer, layout: contiguous(shape) };
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
