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
import { leftOperand, productOf, rightOperand } from "./product.js";
import { withLayouts } from "./rewrite.js";
import { expectElements, type Target } from "./target.js";

/**
 * Turns the pending part of a graph into a program.
 *
 * Walks the nodes in order. A node whose elements can be computed where they are needed (elementwise, casts, movement)
 * becomes an expression and costs nothing by itself; it gets a buffer of its own when somebody needs it as a whole:
 *
 * - it is an output, or read by a product, a reduction along with others, or a whole-tensor primitive;
 * - it is read more than once, or repeated (expand, windows), and takes arithmetic to compute;
 * - a movement cannot be expressed on it without a copy;
 * - an expression with it would have more parts, operands or buffers than fit a kernel of the target.
 *
 * `order`: the pending nodes, of whoever has looked for them already.
 *
 * Throws: DTypeError if something has an element type that the target lacks
 */
export function lower(
  outputs: readonly Node[],
  target: Target,
  order: readonly Node[] = pendingNodes(outputs),
): Program {
  const none = new Map<never, never>();
  const graph = { order, wanted: outputs, known: none, places: none };
  const context = { target, findings: { all: [], fills: [] }, isBody: false };
  return new Lowering(graph, [], context).finish();
}

class Lowering {
  readonly #context: LoweringContext;
  readonly #buffers: BufferSpec[];
  readonly #kernels: Kernel[] = [];
  readonly #inputs: number[] = [];
  /** Numbers of the nodes that are lowered here, and of leaves. A body's formals have none: they belong to the graph around it. */
  readonly #numbers = new NodeNumbers();
  readonly #nodes: Node[];
  readonly #formals: ReadonlyMap<Node, LoopExpression>;
  /** By number: what has become of a node, how often it is read, and by which node last. */
  readonly #expressions: (LoopExpression | undefined)[];
  readonly #uses: number[];
  readonly #users: (Node | undefined)[];
  readonly #places: ReadonlyMap<BufferContents, number>;
  /** The slices of a node, and the nodes that are read otherwise than element by element, by number. */
  readonly #slices = new Map<number, Node[]>();
  readonly #readOtherwise = new Set<number>();
  /** Which outputs of each loop are read, and what they are once the loop has been lowered. */
  readonly #outputsRead = new Map<Node, Set<number>>();
  readonly #loops = new Map<Node, ReadonlyMap<number, LoopExpression>>();
  readonly #sizes = new ExpressionSizes();
  readonly #products = new Map<number, ProductKernel>();
  readonly #outputs: readonly Node[];
  readonly #wanted: ReadonlySet<Node>;
  /** What other files build kernels with. */
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

  /** `buffers`: those that there are already. */
  constructor(
    { order, wanted, known, places }: BodyLowering,
    buffers: BufferSpec[],
    context: LoweringContext,
  ) {
    this.#context = context;
    this.#buffers = buffers;
    this.#formals = known;
    this.#places = places;
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

  /** Makes a node an expression, a loop, or nothing yet, and gives it a buffer if it is needed as a whole. */
  #lowerNode(node: Node): void {
    if (this.#isSummedAlongBatch(node)) return;
    if (node.operation?.primitive === "scan") {
      const outputs = [...(this.#outputsRead.get(node) ?? [])].sort((i, j) => i - j);
      this.#loops.set(node, lowerScan(node.operation, outputs, this.#lowering));
      return;
    }
    this.#setExpression(node, this.#lower(node));
    const shared = this.#usesOf(node) > 1 && this.#isWork(node) && !this.#isCutUp(node);
    if (shared || this.#wanted.has(node)) this.#settle(node);
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
   * Whether a node is read in parts alone, by loops, that are together no more than it: computing the parts where they are
   * needed, as the gates of a recurrent layer, then costs no more than computing it as a whole, and takes no room.
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

  /** A loop's body, over the same buffers. */
  #lowerBody(body: BodyLowering): LoweredBody {
    const lowering = new Lowering(body, this.#buffers, { ...this.#context, isBody: true });
    const { kernels } = lowering.finish();
    const expressions = new Map(body.wanted.map((node) => [node, lowering.#expressionOf(node)]));
    // A body may compute nodes that are computed here too, and has numbered them anew.
    for (const [i, node] of this.#nodes.entries()) this.#numbers.set(node, i);
    return { kernels, expressions };
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
      case "windows": {
        const { size, stride, dilation } = operation.attributes;
        const positions = node.shape.slice(
          node.shape.length - 2 * size.length,
          node.shape.length - size.length,
        );
        this.#settleIfWork(operation.inputs[0]);
        return this.#seenThrough(operation.inputs[0], (layout) =>
          layouts.windows(layout, size, stride, dilation, positions),
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
      case "overlapAdd":
        // An addition, and the sum before.
        this.#keepSmall(operation.inputs, 2);
        return lowerOverlapAdd(node, operation, this.#lowering);
      case "pad":
        return loadWhole(lowerPad(node, operation, this.#lowering), node);
      case "scan":
        throw new Error("a loop is no tensor; only its outputs are");
      case "scanOutput": {
        const output = this.#loops.get(operation.inputs[0])?.get(operation.attributes.index);
        if (output === undefined) throw new Error("an output is read of a loop that is not lowered");
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

  /** An elementwise primitive. Operands that are too many or too large, or cannot be walked together, get buffers of their own. */
  #apply(
    node: Node,
    primitive: ElementwiseName,
    inputs: readonly Node[],
    guard: ReturnType<typeof checkIntegers> = null,
  ): LoopExpression {
    // A guard is 7 parts.
    this.#keepSmall(inputs, guard === null ? 1 : 8);
    const repeated = (input: Node): LoopExpression => this.#repeated(input, node.shape);
    const operandsNow = (): LoopExpression[] => {
      const operands = inputs.map(repeated);
      return guard === null ? operands : [operands[0], guard(operands[1])];
    };
    let operands = operandsNow();
    const { leaves } = this.#sizes.ofAll(operands);
    if (!this.#fits(leaves) || !canWalkTogether(node.shape, leaves.map(layoutOf))) {
      for (const input of inputs) this.#settle(input);
      operands = operandsNow();
    }
    return { kind: "apply", dtype: node.dtype, primitive, inputs: operands };
  }

  /** Whether a kernel can read so much and write a buffer besides. */
  #fits(leaves: readonly Leaf[]): boolean {
    const { operands, buffers } = this.#context.target.kernel;
    return leaves.length <= operands && (leaves.length < buffers || countBuffers(leaves, []) < buffers);
  }

  /** A node as it broadcasts to a shape. What is repeated is computed once. */
  #repeated(node: Node, shape: Shape): LoopExpression {
    if (sameShape(node.shape, shape)) return this.#expressionOf(node);
    this.#settleIfWork(node);
    return this.#seenThrough(node, (layout) => layouts.expand(layout, shape));
  }

  /** Gives the largest of some nodes buffers of their own, until an expression of all of them and some more parts fits a loop. */
  #keepSmall(inputs: readonly Node[], more: number): void {
    while (
      this.#sizes.ofAll(this.#expressionsOf(inputs)).parts - 1 + more >
      this.#context.target.kernel.parts
    ) {
      const parts = this.#expressionsOf(inputs).map((expression) => this.#sizes.of(expression).parts);
      this.#settle(inputs[parts.indexOf(Math.max(...parts))]);
    }
  }

  #expressionsOf(nodes: readonly Node[]): LoopExpression[] {
    return nodes.map((node) => this.#expressionOf(node));
  }

  /** A node whose every load reads elsewhere. If one cannot, it is laid out afresh, where any movement can. */
  #seenThrough(node: Node, change: (layout: Layout) => Layout | null): LoopExpression {
    const moved = withLayouts(this.#expressionOf(node), change) ?? withLayouts(this.#copied(node), change);
    if (moved === null) throw new Error("a contiguous tensor can be seen through any movement");
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

  /** A product; along some axes of the batch, `summed`, products are added up: one product whose sums are as much longer. */
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

  /** Whether a node is a batch of products, yet to be computed, of which nobody wants more than sums along axes of the batch. */
  #isSummedAlongBatch(node: Node): boolean {
    // A tracked node keeps its operation when it has been computed.
    if (node.storage !== null || sizeOf(node.shape) === 0) return false;
    if (node.operation?.primitive !== "matmul") return false;
    const user = this.#onlyUser(node);
    const outer = node.shape.length - 2;
    return user?.primitive === "sum" && user.attributes.axes.every((axis) => axis < outer);
  }

  /** The operation that reads a node, if it is one alone and the node itself is not asked for. */
  #onlyUser(node: Node): Operation | null {
    if (this.#usesOf(node) !== 1 || this.#wanted.has(node)) return null;
    return this.#users[this.#numbers.get(node) ?? -1]?.operation ?? null;
  }

  /** A product reads its operands from memory, through any layout. */
  #loaded(node: Node): Extract<LoopExpression, { kind: "load" }> {
    const known = this.#expressionOf(node);
    return known.kind === "load" ? known : this.#copied(node);
  }

  /** Writes a node's elements into a part of a buffer. */
  #writeTo(buffer: number, layout: Layout | null, node: Node): void {
    if (layout === null) throw new Error("a contiguous buffer can be cut anywhere");
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
    if (number === undefined) throw new Error("a formal stays what it is");
    this.#expressions[number] = expression;
  }

  /** How often a node is read here. */
  #usesOf(node: Node): number {
    return this.#uses[this.#numbers.get(node) ?? -1] ?? 0;
  }

  /** Gives a leaf of the graph its input buffer, unless it has one. */
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
    if (this.#numbers.has(node)) this.#setExpression(node, load);
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

  #allocate(contents: BufferContents): number {
    const { operation, dtype, shape } = contents;
    const place = this.#places.get(contents);
    if (place !== undefined) return place;
    const size = sizeOf(shape);
    return this.#buffers.push({ contents: operation?.primitive ?? "data", shape, dtype, size }) - 1;
  }
}

/** Whether an element of the output is made of the elements in its place alone. */
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

/** Whether a load shows its whole buffer just as it lies. */
function isWholeBuffer(
  load: Extract<LoopExpression, { kind: "load" }>,
  buffers: readonly BufferSpec[],
): boolean {
  return isContiguous(load.layout) && layouts.countOf(load.layout) === buffers[load.buffer].size;
}
