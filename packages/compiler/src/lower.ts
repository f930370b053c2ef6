import {
  kindOf,
  pendingNodes,
  primitives,
  sameShape,
  sizeOf,
  type NameOfKind,
  type Node,
  type Operation,
} from "@stargrad/graph";
import { checkTarget } from "./check-target.js";
import { withoutUnread } from "./dead-code.js";
import { checkCodes, checkIntegers } from "./checks.js";
import {
  type BufferSpec,
  type ElementwiseName,
  type LoopExpression,
  type Operand,
  type ProductKernel,
  type Program,
} from "./kernel.js";
import { lowerIndexing } from "./indexing.js";
import type { LoweringContext } from "./lowering.js";
import * as layouts from "./layout.js";
import { contiguous, type Layout } from "./layout.js";
import { loadWhole, NodeExpressions } from "./node-expressions.js";
import { lowerPick, lowerPlacement } from "./one-per-line.js";
import { lowerConcat, lowerOverlapAdd, lowerPad, type BufferContents } from "./placing.js";
import { lowerScan, type BodyLowering, type LoweredBody } from "./loop-lowering.js";
import { leftOperand, productOf, rightOperand } from "./product.js";
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

/** Visits the nodes of a program, or of the body of a loop, and lowers each by its primitive. */
class Lowering {
  readonly #context: LoweringContext;
  readonly #buffers: BufferSpec[];
  readonly #expressions: NodeExpressions;
  readonly #outputs: readonly Node[];
  readonly #wanted: ReadonlySet<Node>;
  /** By number: the number of reads of a node, and the last node that reads it. */
  readonly #uses: number[];
  readonly #users: (Node | undefined)[];
  /** By number: the slices of a node, and the nodes that some operation does not read element by element. */
  readonly #slices = new Map<number, Node[]>();
  readonly #readOtherwise = new Set<number>();
  /** The outputs of each loop that are read, and their expressions once the loop has been lowered. */
  readonly #outputsRead = new Map<Node, Set<number>>();
  readonly #loops = new Map<Node, ReadonlyMap<number, LoopExpression>>();
  /** The services that other files use to build kernels. */
  readonly #lowering;

  /** `buffers`: the buffers so far; lowering appends to it. */
  constructor(graph: BodyLowering, buffers: BufferSpec[], context: LoweringContext) {
    const { order, wanted } = graph;
    this.#context = context;
    this.#buffers = buffers;
    this.#expressions = new NodeExpressions(graph, buffers, context.target);
    this.#outputs = wanted;
    this.#wanted = new Set(wanted);
    this.#users = new Array<undefined>(order.length).fill(undefined);
    this.#uses = new Array<number>(order.length).fill(0);
    this.#lowering = this.#services();
    for (const node of order) this.#countUses(node);
    for (const node of wanted) this.#expressions.readLeaf(node);
    for (const node of order) this.#lowerNode(node);
  }

  #services() {
    const expressions = this.#expressions;
    return {
      context: (): LoweringContext => this.#context,
      kernels: expressions.kernels,
      checked: new Map<string, Operand | null>(),
      productIn: (buffer: number): ProductKernel | undefined => expressions.products.get(buffer),
      read: (node: Node): Operand => operandIn(expressions.loaded(node)),
      copied: (node: Node): Operand => operandIn(expressions.copied(node)),
      allocate: (contents: BufferContents): number => expressions.allocate(contents),
      expressionOf: (node: Node): LoopExpression => expressions.of(node),
      onlyUser: (node: Node): Operation | null => this.#onlyUser(node),
      seenThrough: (node: Node, change: (layout: Layout) => Layout | null): LoopExpression =>
        expressions.seenThrough(node, change),
      writeTo: (buffer: number, layout: Layout | null, node: Node): void => {
        expressions.writeTo(buffer, layout, node);
      },
      addBuffer: (spec: BufferSpec): number => expressions.addBuffer(spec),
      loaded: (node: Node) => expressions.loaded(node),
      lowerBody: (body: BodyLowering) => this.#lowerBody(body),
    };
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
      this.#expressions.readLeaf(input);
      const number = this.#expressions.numberOf(input);
      if (number === undefined) continue;
      this.#uses[number] = (this.#uses[number] ?? 0) + 1;
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
    const number = this.#expressions.numberOf(node) ?? -1;
    const slices = this.#slices.get(number);
    if (slices === undefined || slices.length !== this.#uses[number]) return false;
    const numbers = slices.map((slice) => this.#expressions.numberOf(slice) ?? -1);
    const isRead = numbers.every((slice) => this.#uses[slice] === 1 && !this.#readOtherwise.has(slice));
    return isRead && slices.reduce((size, { shape }) => size + sizeOf(shape), 0) <= sizeOf(node.shape);
  }

  /** Lowers a node to an expression or a loop, or postpones it, and materializes it if necessary. */
  #lowerNode(node: Node): void {
    if (this.#isSummedAlongBatch(node)) return;
    if (node.operation?.primitive === "scan") {
      const outputs = [...(this.#outputsRead.get(node) ?? [])].sort((i, j) => i - j);
      this.#loops.set(node, lowerScan(node.operation, outputs, this.#lowering));
      return;
    }
    this.#expressions.set(node, this.#lower(node));
    const shared = this.#usesOf(node) > 1 && this.#expressions.isWork(node) && !this.#isCutUp(node);
    if (shared || this.#wanted.has(node)) this.#expressions.materialize(node);
  }

  #lower(node: Node): LoopExpression {
    const { operation } = node;
    if (operation === null) throw new Error("a pending node has neither elements nor an operation");
    // There is nothing to compute, and layouts do not support digits of length 0.
    if (sizeOf(node.shape) === 0) return loadWhole(this.#expressions.allocate(node), node);
    switch (operation.primitive) {
      case "detach":
        return this.#expressions.of(operation.inputs[0]);
      case "iota":
        return { kind: "index", dtype: "int32", layout: contiguous(node.shape) };
      case "permute":
        return this.#expressions.seenThrough(operation.inputs[0], (layout) =>
          layouts.permute(layout, operation.attributes.axes),
        );
      case "flip":
        return this.#expressions.seenThrough(operation.inputs[0], (layout) =>
          layouts.flip(layout, operation.attributes.axes),
        );
      case "reshape":
        return this.#expressions.seenThrough(operation.inputs[0], (layout) =>
          layouts.reshape(layout, node.shape),
        );
      case "slice": {
        const { starts, lengths, steps } = operation.attributes;
        return this.#expressions.seenThrough(operation.inputs[0], (layout) =>
          layouts.slice(layout, starts, lengths, steps),
        );
      }
      case "expand":
        return this.#expressions.repeated(operation.inputs[0], node.shape);
      case "unfold": {
        const { size, stride, dilation } = operation.attributes;
        const positions = node.shape.slice(
          node.shape.length - 2 * size.length,
          node.shape.length - size.length,
        );
        this.#expressions.materializeIfWork(operation.inputs[0]);
        return this.#expressions.seenThrough(operation.inputs[0], (layout) =>
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
        this.#expressions.keepAddable(operation.inputs[0]);
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
        if (operation.inputs.length === 1) return this.#expressions.of(operation.inputs[0]);
        return loadWhole(lowerConcat(node, operation, this.#lowering), node);
      case "check":
        checkCodes(operation, this.#lowering);
        return this.#expressions.of(operation.inputs[0]);
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
    const expressions = this.#expressions;
    // A guard adds 7 parts.
    expressions.keepSmall(inputs, guard === null ? 1 : 8);
    const operandsNow = (): LoopExpression[] => {
      const operands = inputs.map((input) => expressions.repeated(input, node.shape));
      return guard === null ? operands : [operands[0], guard(operands[1])];
    };
    let operands = operandsNow();
    if (!expressions.fitOneLoop(operands, node.shape)) {
      for (const input of inputs) expressions.materialize(input);
      operands = operandsNow();
    }
    return { kind: "apply", dtype: node.dtype, primitive, inputs: operands };
  }

  #reduce(node: Node, operation: Operation & { primitive: NameOfKind<"reduction"> }): LoopExpression {
    const [input] = operation.inputs;
    const buffer = this.#expressions.allocate(node);
    if (sizeOf(input.shape) === 0) {
      this.#expressions.kernels.push({
        kind: "fill",
        buffer,
        value: primitives[operation.primitive].initial ?? 0,
      });
      return loadWhole(buffer, node);
    }
    this.#expressions.kernels.push({
      kind: "reduce",
      combine: operation.primitive,
      shape: input.shape,
      axes: operation.attributes.axes,
      expression: this.#expressions.of(input),
      buffer,
      layout: layouts.combined(input.shape, operation.attributes.axes),
    });
    return loadWhole(buffer, node);
  }

  /** A product, summed along the batch axes `summed`: one product whose inner axis includes those axes. */
  #product(node: Node, [a, b]: readonly Node[], summed: readonly number[] = []): LoopExpression {
    const buffer = this.#expressions.allocate(node);
    if (sizeOf(a.shape) === 0) {
      this.#expressions.kernels.push({ kind: "fill", buffer, value: 0 });
    } else {
      const [left, right] = [
        leftOperand(this.#expressions.loaded(a), summed),
        rightOperand(this.#expressions.loaded(b), summed),
      ];
      const product = productOf(node.dtype, left, right, buffer);
      this.#expressions.kernels.push(product);
      this.#expressions.products.set(buffer, product);
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
    return this.#users[this.#expressions.numberOf(node) ?? -1]?.operation ?? null;
  }

  /** The number of reads of a node in this graph. */
  #usesOf(node: Node): number {
    return this.#uses[this.#expressions.numberOf(node) ?? -1] ?? 0;
  }

  /** Lowers a loop's body, over the same buffers. */
  #lowerBody(body: BodyLowering): LoweredBody {
    const lowering = new Lowering(body, this.#buffers, { ...this.#context, isBody: true });
    const { kernels } = lowering.finish();
    const expressions = new Map(body.wanted.map((node) => [node, lowering.#expressions.of(node)]));
    // A body may contain nodes of this graph and has overwritten their numbers.
    this.#expressions.numberAgain(body.order);
    return { copies: lowering.#expressions.copiesOfFormals, kernels, expressions };
  }

  finish(): Program {
    const { all: findings, fills } = this.#context.findings;
    const outputs = this.#outputs.map((node) => this.#expressions.copied(node).buffer);
    outputs.push(...findings.flatMap(({ found, value }) => [found, value]));
    const kernels = withoutUnread(this.#expressions.kernels, outputs);
    if (!this.#context.isBody) kernels.unshift(...fills);
    return { buffers: this.#buffers, inputs: this.#expressions.inputs, outputs, kernels, findings };
  }
}

/** Whether each element of the output depends only on the input elements at the same index. */
function isElementwise(primitive: Operation["primitive"]): boolean {
  const kind = kindOf(primitive);
  return kind === "elementwise" || kind === "conversion";
}

function operandIn({ buffer, layout }: Operand): Operand {
  return { buffer, layout };
}
