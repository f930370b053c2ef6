import {
  kindOf,
  pendingNodes,
  primitives,
  sameShape,
  sizeOf,
  type NameOfKind,
  type Node,
  type Operation,
  type Shape,
  type TensorType,
} from "@stargrad/graph";
import { NodeNumbers } from "@stargrad/graph/internal";
import { checkTarget } from "./check-target.js";
import { withoutUnread } from "./dead-code.js";
import { ExpressionSizes } from "./expression-sizes.js";
import { checkCodes, checkIntegers } from "./checks.js";
import {
  countBuffers,
  type BufferSpec,
  type ElementwiseName,
  type Kernel,
  type Leaf,
  type LoopExpression,
  type Operand,
  type ProductKernel,
  type Program,
} from "./kernel.js";
import { lowerIndexing } from "./indexing.js";
import type { LoweringContext } from "./lowering.js";
import * as layouts from "./layout.js";
import { contiguous, isContiguous, type Layout } from "./layout.js";
import { canWalkTogether } from "./iteration.js";
import { lowerPick, lowerPlacement } from "./one-per-line.js";
import { lowerConcat, lowerOverlapAdd, lowerPad, type BufferContents } from "./placing.js";
import { lowerScan, type BodyLowering, type LoweredBody } from "./loop-lowering.js";
import { isSingle, lowerSingle } from "./single-iteration.js";
import { leftOperand, productOf, rightOperand } from "./product.js";
import { withLayouts } from "./rewrite.js";
import { expectElements, type Target } from "./target.js";

/**
 * Lowers the pending part of a graph to a program.
 *
 * Visits the nodes in order. A node that can be computed element by element where it is read (elementwise, casts, movement)
 * becomes an expression, which costs nothing by itself. It is materialized in a buffer if
 *
 * - it is an output, or a product, a reduction along with others, or a whole-tensor primitive reads it;
 * - it is read more than once, or repeated (expand, unfold), and takes arithmetic to compute;
 * - a movement cannot be expressed on it without a copy;
 * - an expression with it would have more parts, operands or buffers than a kernel of the target can have.
 *
 * `order`: the pending nodes, if the caller has computed them already.
 *
 * Throws: DTypeError if a node has an element type that the target does not support; ArgumentError if a field of the target is
 * below its minimum
 */
export function lower(
  outputs: readonly Node[],
  target: Target,
  order: readonly Node[] = pendingNodes(outputs),
): Program {
  checkTarget(target);
  const none = new Map<never, never>();
  const graph = { order, wanted: outputs, known: none, destinations: none };
  const context = { target, findings: { all: [], fills: [] }, isBody: false };
  return new Lowering(graph, [], context).finish();
}

class Lowering {
  readonly #context: LoweringContext;
  readonly #buffers: BufferSpec[];
  readonly #kernels: Kernel[] = [];
  readonly #inputs: number[] = [];
  /** Numbers of the nodes that are lowered here and of leaves. A body's formals have none: they belong to the outer graph. */
  readonly #numbers = new NodeNumbers();
  readonly #nodes: Node[];
  readonly #formals: ReadonlyMap<Node, LoopExpression>;
  /** By number: the expression of a node, the number of its reads, and the last node that reads it. */
  readonly #expressions: (LoopExpression | undefined)[];
  readonly #uses: number[];
  readonly #users: (Node | undefined)[];
  readonly #destinations: ReadonlyMap<BufferContents, number>;
  /** By number: the slices of a node, and the nodes that some operation does not read element by element. */
  readonly #slices = new Map<number, Node[]>();
  readonly #readOtherwise = new Set<number>();
  /** The outputs of each loop that are read, and their expressions once the loop has been lowered. */
  readonly #outputsRead = new Map<Node, Set<number>>();
  readonly #loops = new Map<Node, ReadonlyMap<number, LoopExpression>>();
  readonly #sizes = new ExpressionSizes();
  readonly #products = new Map<number, ProductKernel>();
  readonly #outputs: readonly Node[];
  readonly #wanted: ReadonlySet<Node>;
  /** The services that other files use to build kernels. */
  readonly #lowering = {
    context: (): LoweringContext => this.#context,
    kernels: this.#kernels,
    checked: new Map<string, Operand | null>(),
    productIn: (buffer: number): ProductKernel | undefined => this.#products.get(buffer),
    read: (node: Node): Operand => operandIn(this.#loaded(node)),
    copied: (node: Node): Operand => operandIn(this.#copied(node)),
    allocate: (node: BufferContents): number => this.#allocate(node),
    expressionOf: (node: Node): LoopExpression => this.#expressionOf(node),
    onlyUser: (node: Node): Operation | null => this.#onlyUser(node),
    seenThrough: (node: Node, change: (layout: Layout) => Layout | null): LoopExpression =>
      this.#seenThrough(node, change),
    writeTo: (buffer: number, layout: Layout | null, node: Node): void => {
      this.#writeTo(buffer, layout, node);
    },
    addBuffer: (spec: BufferSpec): number => this.#buffers.push(spec) - 1,
    loaded: (node: Node) => this.#loaded(node),
    lowerBody: (body: BodyLowering) => this.#lowerBody(body),
  };

  /** `buffers`: the buffers so far; lowering appends to it. */
  constructor(
    { order, wanted, known, destinations }: BodyLowering,
    buffers: BufferSpec[],
    context: LoweringContext,
  ) {
    this.#context = context;
    this.#buffers = buffers;
    this.#formals = known;
    this.#destinations = destinations;
    this.#outputs = wanted;
    this.#wanted = new Set(wanted);
    this.#expressions = new Array<undefined>(order.length).fill(undefined);
    this.#users = new Array<undefined>(order.length).fill(undefined);
    this.#uses = new Array<number>(order.length).fill(0);
    this.#nodes = [...order];
    for (let i = 0; i < order.length; i++) this.#numbers.set(order[i], i);
    for (const node of order) this.#countUses(node);
    for (const node of wanted) this.#readLeaf(node);
    for (const node of order) this.#lowerNode(node);
  }

  /** Lowers a node to an expression or a loop, or postpones it, and materializes it if necessary. */
  #lowerNode(node: Node): void {
    if (this.#isSummedAlongBatch(node)) return;
    if (node.operation?.primitive === "scan") {
      const outputs = [...(this.#outputsRead.get(node) ?? [])].sort((i, j) => i - j);
      const lowerLoop = isSingle(node.operation, outputs) ? lowerSingle : lowerScan;
      this.#loops.set(node, lowerLoop(node.operation, outputs, this.#lowering));
      return;
    }
    this.#setExpression(node, this.#lower(node));
    const shared = this.#usesOf(node) > 1 && this.#isWork(node) && !this.#isCutUp(node);
    if (shared || this.#wanted.has(node)) this.#materialize(node);
  }

  #countUses(node: Node): void {
    const { operation } = node;
    if (operation === null) return;
    expectElements(this.#context.target, node.dtype, operation.primitive);
    if (operation.primitive === "scanOutput") {
      const [loop] = operation.inputs;
      const read = this.#outputsRead.get(loop) ?? new Set();
      this.#outputsRead.set(loop, read.add(operation.attributes.index));
    }
    for (const input of operation.inputs) {
      this.#readLeaf(input);
      const number = this.#numbers.get(input);
      if (number === undefined) continue;
      this.#uses[number]++;
      this.#users[number] = node;
      if (!isElementwise(operation.primitive) || !sameShape(input.shape, node.shape))
        this.#readOtherwise.add(number);
      if (operation.primitive !== "slice") continue;
      const slices = this.#slices.get(number);
      if (slices === undefined) this.#slices.set(number, [node]);
      else slices.push(node);
    }
  }

  /**
   * Whether only slices read a node, each slice is read once and element by element, and together they are no larger than the node.
   * Computing each slice where it is read, such as the gates of a recurrent layer, then costs no more than materializing the node
   * and needs no buffer.
   */
  #isCutUp(node: Node): boolean {
    const number = this.#numbers.get(node) ?? -1;
    const slices = this.#slices.get(number);
    if (slices === undefined || slices.length !== this.#uses[number]) return false;
    const numbers = slices.map((slice) => this.#numbers.get(slice) ?? -1);
    const isRead = numbers.every((slice) => this.#uses[slice] === 1 && !this.#readOtherwise.has(slice));
    return isRead && slices.reduce((size, { shape }) => size + sizeOf(shape), 0) <= sizeOf(node.shape);
  }

  finish(): Program {
    const { all: findings, fills } = this.#context.findings;
    const outputs = this.#outputs.map((node) => this.#contiguousBuffer(node));
    outputs.push(...findings.flatMap(({ found, value }) => [found, value]));
    const kernels = withoutUnread(this.#kernels, outputs);
    if (!this.#context.isBody) kernels.unshift(...fills);
    return { buffers: this.#buffers, inputs: this.#inputs, outputs, kernels, findings };
  }

  /** Lowers a loop's body, over the same buffers. */
  #lowerBody(body: BodyLowering): LoweredBody {
    const lowering = new Lowering(body, this.#buffers, { ...this.#context, isBody: true });
    const { kernels } = lowering.finish();
    const expressions = new Map(body.wanted.map((node) => [node, lowering.#expressionOf(node)]));
    // A body may contain nodes of this graph and has overwritten their numbers.
    for (const [i, node] of this.#nodes.entries()) this.#numbers.set(node, i);
    return { kernels, expressions };
  }

  #lower(node: Node): LoopExpression {
    const { operation } = node;
    if (operation === null) throw new Error("a pending node has neither elements nor an operation");
    // There is nothing to compute, and layouts do not support digits of length 0.
    if (sizeOf(node.shape) === 0) return loadWhole(this.#allocate(node), node);
    switch (operation.primitive) {
      case "detach":
        return this.#expressionOf(operation.inputs[0]);
      case "iota":
        return { kind: "index", dtype: "int32", layout: contiguous(node.shape) };
      case "permute":
        return this.#seenThrough(operation.inputs[0], (layout) =>
          layouts.permute(layout, operation.attributes.axes),
        );
      case "flip":
        return this.#seenThrough(operation.inputs[0], (layout) =>
          layouts.flip(layout, operation.attributes.axes),
        );
      case "reshape":
        return this.#seenThrough(operation.inputs[0], (layout) => layouts.reshape(layout, node.shape));
      case "slice": {
        const { starts, lengths, steps } = operation.attributes;
        return this.#seenThrough(operation.inputs[0], (layout) =>
          layouts.slice(layout, starts, lengths, steps),
        );
      }
      case "expand":
        return this.#repeated(operation.inputs[0], node.shape);
      case "unfold": {
        const { size, stride, dilation } = operation.attributes;
        const positions = node.shape.slice(
          node.shape.length - 2 * size.length,
          node.shape.length - size.length,
        );
        this.#materializeIfWork(operation.inputs[0]);
        return this.#seenThrough(operation.inputs[0], (layout) =>
          layouts.unfold(layout, size, stride, dilation, positions),
        );
      }
      case "sum": {
        const [input] = operation.inputs;
        const factors = this.#isSummedAlongBatch(input) ? input.operation?.inputs : undefined;
        if (factors === undefined) return this.#reduce(node, operation);
        return this.#product(node, factors, operation.attributes.axes);
      }
      case "prod":
      case "max":
        return this.#reduce(node, operation);
      case "matmul":
        return this.#product(node, operation.inputs);
      case "fold":
        this.#keepAddable(operation.inputs[0]);
        return lowerOverlapAdd(node, operation, this.#lowering);
      case "pad":
        return loadWhole(lowerPad(node, operation, this.#lowering), node);
      case "scan":
        throw new Error("a loop is not a tensor; only its outputs are");
      case "scanOutput": {
        const output = this.#loops.get(operation.inputs[0])?.get(operation.attributes.index);
        if (output === undefined) throw new Error("an output of a loop is read that has not been lowered");
        return output;
      }
      case "concat":
        if (operation.inputs.length === 1) return this.#expressionOf(operation.inputs[0]);
        return loadWhole(lowerConcat(node, operation, this.#lowering), node);
      case "check":
        checkCodes(operation, this.#lowering);
        return this.#expressionOf(operation.inputs[0]);
      case "mod":
      case "pow": {
        const guard = checkIntegers(node, operation, this.#lowering);
        return this.#apply(node, operation.primitive, operation.inputs, guard);
      }
      case "gather": {
        const picked =
          lowerPick(node, operation, this.#lowering) ?? lowerIndexing(node, operation, this.#lowering);
        return loadWhole(picked, node);
      }
      case "scatterAdd":
        return (
          lowerPlacement(node, operation, this.#lowering) ??
          loadWhole(lowerIndexing(node, operation, this.#lowering), node)
        );
      case "cumsum":
      case "argsort":
      case "randomBits":
        return loadWhole(lowerIndexing(node, operation, this.#lowering), node);
      default:
        return this.#apply(node, operation.primitive, operation.inputs);
    }
  }

  /** An elementwise primitive. Materializes operands that are too many or too large, or that one loop cannot traverse together. */
  #apply(
    node: Node,
    primitive: ElementwiseName,
    inputs: readonly Node[],
    guard: ReturnType<typeof checkIntegers> = null,
  ): LoopExpression {
    // A guard adds 7 parts.
    this.#keepSmall(inputs, guard === null ? 1 : 8);
    const repeated = (input: Node): LoopExpression => this.#repeated(input, node.shape);
    const operandsNow = (): LoopExpression[] => {
      const operands = inputs.map(repeated);
      return guard === null ? operands : [operands[0], guard(operands[1])];
    };
    let operands = operandsNow();
    const { leaves } = this.#sizes.ofAll(operands);
    if (!this.#fits(leaves) || !canWalkTogether(node.shape, leaves.map(layoutOf))) {
      for (const input of inputs) this.#materialize(input);
      operands = operandsNow();
    }
    return { kind: "apply", dtype: node.dtype, primitive, inputs: operands };
  }

  /** Whether one kernel can read these leaves and write a buffer. */
  #fits(leaves: readonly Leaf[]): boolean {
    const { operands, buffers } = this.#context.target.kernel;
    return leaves.length <= operands && (leaves.length < buffers || countBuffers(leaves, []) < buffers);
  }

  /** A node broadcast to a shape. If it repeats elements that take arithmetic, it is materialized, so that they are computed once. */
  #repeated(node: Node, shape: Shape): LoopExpression {
    if (sameShape(node.shape, shape)) return this.#expressionOf(node);
    this.#materializeIfWork(node);
    return this.#seenThrough(node, (layout) => layouts.expand(layout, shape));
  }

  /**
   * Materializes the largest of some nodes, each at most once, until an expression of all of them with `more` parts fits one loop. A
   * legal target has room for it once all of them are materialized.
   */
  #keepSmall(inputs: readonly Node[], more: number): void {
    const most = this.#context.target.kernel.parts;
    const fits = (): boolean => this.#sizes.ofAll(this.#expressionsOf(inputs)).parts - 1 + more <= most;
    if (fits()) return;
    const partsOf = (node: Node): number => this.#sizes.of(this.#expressionOf(node)).parts;
    for (const input of [...inputs].sort((a, b) => partsOf(b) - partsOf(a))) {
      if (fits()) return;
      this.#materialize(input);
    }
  }

  /** Materializes a node if a loop cannot add its expression to a previous sum: two more parts, one of them an operand. */
  #keepAddable(node: Node): void {
    this.#keepSmall([node], 2);
    const { leaves } = this.#sizes.of(this.#expressionOf(node));
    if (leaves.length >= this.#context.target.kernel.operands) this.#materialize(node);
  }

  #expressionsOf(nodes: readonly Node[]): LoopExpression[] {
    return nodes.map((node) => this.#expressionOf(node));
  }

  /** A node's expression with changed layouts. If a layout cannot be changed, materializes the node, whose layout then can be. */
  #seenThrough(node: Node, change: (layout: Layout) => Layout | null): LoopExpression {
    const moved = withLayouts(this.#expressionOf(node), change) ?? withLayouts(this.#copied(node), change);
    if (moved === null) throw new Error("a movement of a contiguous tensor cannot be expressed as a layout");
    return moved;
  }

  #reduce(node: Node, operation: Operation & { primitive: NameOfKind<"reduction"> }): LoopExpression {
    const [input] = operation.inputs;
    const buffer = this.#allocate(node);
    if (sizeOf(input.shape) === 0) {
      this.#kernels.push({ kind: "fill", buffer, value: primitives[operation.primitive].initial ?? 0 });
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

  /** A product, summed along the batch axes `summed`: one product whose inner axis includes those axes. */
  #product(node: Node, [a, b]: readonly Node[], summed: readonly number[] = []): LoopExpression {
    const buffer = this.#allocate(node);
    if (sizeOf(a.shape) === 0) {
      this.#kernels.push({ kind: "fill", buffer, value: 0 });
    } else {
      const [left, right] = [leftOperand(this.#loaded(a), summed), rightOperand(this.#loaded(b), summed)];
      const product = productOf(node.dtype, left, right, buffer);
      this.#kernels.push(product);
      this.#products.set(buffer, product);
    }
    return loadWhole(buffer, node);
  }

  /** Whether a node is a pending batch of products that is only read by a sum along batch axes. */
  #isSummedAlongBatch(node: Node): boolean {
    // A tracked node keeps its operation after it has been computed, so the operation alone does not show that it is pending.
    if (node.storage !== null || sizeOf(node.shape) === 0) return false;
    if (node.operation?.primitive !== "matmul") return false;
    const user = this.#onlyUser(node);
    const outer = node.shape.length - 2;
    return user?.primitive === "sum" && user.attributes.axes.every((axis) => axis < outer);
  }

  /** The operation that reads a node, if there is exactly one and the node is not an output. */
  #onlyUser(node: Node): Operation | null {
    if (this.#usesOf(node) !== 1 || this.#wanted.has(node)) return null;
    return this.#users[this.#numbers.get(node) ?? -1]?.operation ?? null;
  }

  /** A node as a load from a buffer, through any layout: products read their operands from memory. */
  #loaded(node: Node): Extract<LoopExpression, { kind: "load" }> {
    const known = this.#expressionOf(node);
    return known.kind === "load" ? known : this.#copied(node);
  }

  /** Writes a node's elements into a part of a buffer. */
  #writeTo(buffer: number, layout: Layout | null, node: Node): void {
    if (layout === null) throw new Error("a contiguous buffer cannot be sliced");
    if (sizeOf(node.shape) === 0) return;
    let expression = this.#expressionOf(node);
    const { leaves } = this.#sizes.of(expression);
    if (!canWalkTogether(node.shape, [...leaves.map(layoutOf), layout])) expression = this.#copied(node);
    this.#kernels.push({ kind: "map", shape: node.shape, results: [{ expression, buffer, layout }] });
  }

  #expressionOf(node: Node): LoopExpression {
    const number = this.#numbers.get(node);
    const known = number === undefined ? this.#formals.get(node) : this.#expressions[number];
    if (known === undefined) throw new Error("a node is used before it is lowered");
    return known;
  }

  #setExpression(node: Node, expression: LoopExpression): void {
    const number = this.#numbers.get(node);
    if (number === undefined) throw new Error("the expression of a formal cannot be changed");
    this.#expressions[number] = expression;
  }

  /** The number of reads of a node in this graph. */
  #usesOf(node: Node): number {
    return this.#uses[this.#numbers.get(node) ?? -1] ?? 0;
  }

  /** Creates the input buffer of a leaf, unless it has one. */
  #readLeaf(node: Node): void {
    if (this.#numbers.has(node) || this.#formals.has(node)) return;
    expectElements(this.#context.target, node.dtype, "tensor");
    const buffer = this.#allocate(node);
    this.#inputs.push(buffer);
    this.#numbers.set(node, this.#expressions.push(loadWhole(buffer, node)) - 1);
    this.#nodes.push(node);
    this.#uses.push(0);
    this.#users.push(undefined);
  }

  /** The buffer with a node's elements, row-major. Materializes the node if necessary. */
  #contiguousBuffer(node: Node): number {
    return this.#copied(node).buffer;
  }

  /** A node as a load of a whole, contiguous buffer. Materializes it if necessary. */
  #copied(node: Node): Extract<LoopExpression, { kind: "load" }> {
    const known = this.#expressionOf(node);
    if (known.kind === "load" && isWholeBuffer(known, this.#buffers)) return known;
    const buffer = this.#allocate(node);
    if (sizeOf(node.shape) > 0) {
      const results = [{ expression: known, buffer, layout: contiguous(node.shape) }];
      this.#kernels.push({ kind: "map", shape: node.shape, results });
    }
    const load = loadWhole(buffer, node);
    if (this.#numbers.has(node)) this.#setExpression(node, load);
    return load;
  }

  #materialize(node: Node): void {
    this.#copied(node);
  }

  #materializeIfWork(node: Node): void {
    if (this.#isWork(node)) this.#materialize(node);
  }

  /** Whether computing a node again takes arithmetic. */
  #isWork(node: Node): boolean {
    return this.#expressionOf(node).kind === "apply";
  }

  #allocate(contents: BufferContents): number {
    const { operation, dtype, shape } = contents;
    const destination = this.#destinations.get(contents);
    if (destination !== undefined) return destination;
    const size = sizeOf(shape);
    return this.#buffers.push({ contents: operation?.primitive ?? "data", shape, dtype, size }) - 1;
  }
}

/** Whether each element of the output depends only on the input elements at the same index. */
function isElementwise(primitive: Operation["primitive"]): boolean {
  const kind = kindOf(primitive);
  return kind === "elementwise" || kind === "conversion";
}

function layoutOf({ layout }: { readonly layout: Layout }): Layout {
  return layout;
}

function operandIn({ buffer, layout }: Operand): Operand {
  return { buffer, layout };
}

function loadWhole(buffer: number, { dtype, shape }: TensorType): Extract<LoopExpression, { kind: "load" }> {
  return { kind: "load", dtype, buffer, layout: contiguous(shape) };
}

/** Whether a load reads its whole buffer in row-major order. */
function isWholeBuffer(
  load: Extract<LoopExpression, { kind: "load" }>,
  buffers: readonly BufferSpec[],
): boolean {
  return isContiguous(load.layout) && layouts.countOf(load.layout) === buffers[load.buffer].size;
}
