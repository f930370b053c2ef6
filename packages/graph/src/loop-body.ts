import { topologicalOrder, type LoopGraph, type Node } from "./node.js";
import { writeSignature, type Signed, type SignatureWriter } from "./signature.js";

/** The parts of a loop body; see `LoopBody`. */
export type LoopParts = Omit<LoopGraph, "addResult" | "order">;

/**
 * The computation of one iteration of a loop: a graph from formals, its inputs, to `next` and `results`, its outputs.
 *
 * A formal is a node that represents an input while the body is evaluated. The formal of a constant is the outer node with which
 * the body was built, although a copy of the loop may receive another input for it. The formal of a carry or a sequence is a
 * placeholder, or another node whose value differs between iterations: the leaf of a variable that the body assigns to, or a node
 * of the loop whose gradient this loop computes. So a walk through a body has to stop at formals before it reads anything else of
 * them, such as their operation.
 */
export class LoopBody implements LoopGraph, Signed {
  readonly constants: readonly Node[];
  readonly carries: readonly Node[];
  readonly sequences: readonly Node[];
  readonly next: readonly Node[];
  readonly #inside: Set<Node>;
  readonly #results: Node[];
  readonly #formals: ReadonlySet<Node>;

  constructor({ constants, carries, sequences, next, results, inside }: LoopParts) {
    this.constants = constants;
    this.carries = carries;
    this.sequences = sequences;
    this.next = next;
    this.#inside = new Set(inside);
    this.#results = [...results];
    this.#formals = new Set([...constants, ...carries, ...sequences]);
  }

  get inside(): ReadonlySet<Node> {
    return this.#inside;
  }

  get results(): readonly Node[] {
    return this.#results;
  }

  addResult(node: Node): number {
    const known = this.#results.indexOf(node);
    if (known >= 0) return known;
    if (!this.#formals.has(node)) this.#inside.add(node);
    return this.#results.push(node) - 1;
  }

  /** Writes its structure: the types of its formals, the operation and inputs of each node, and the outputs. */
  [writeSignature](writer: SignatureWriter): void {
    const numbers = new Map<Node, number>();
    for (const formals of [this.constants, this.carries, this.sequences]) {
      writer.number(formals.length);
      for (const { dtype, shape } of formals) {
        writer.name(dtype);
        writer.numbers(shape);
      }
      // A node may be several formals; its number is that of the last.
      for (const node of formals) numbers.set(node, numbers.size);
    }
    const outputs = [...this.next, ...this.#results];
    const order = this.#orderOfAll(outputs);
    writer.number(order.length);
    for (const node of order) {
      const { operation } = node;
      if (operation === null)
        throw new Error("a node in the body of a loop is neither a formal nor computed");
      writer.name(operation.primitive);
      writer.numbers(operation.inputs.map((input) => numbers.get(input) ?? -1));
      writer.fields(operation.attributes);
      numbers.set(node, numbers.size);
    }
    writer.numbers(outputs.map((node) => numbers.get(node) ?? -1));
  }

  order(wanted: readonly Node[]): Node[] {
    return topologicalOrder(wanted, (node) => !this.#formals.has(node));
  }

  /**
   * Like `order`, but without `NodeNumbers`: signatures are written during a walk through the graph around the loop, which has
   * numbered the same nodes.
   */
  #orderOfAll(wanted: readonly Node[]): Node[] {
    const visited = new Set<Node>();
    const order: Node[] = [];
    const path: { readonly node: Node; readonly inputs: readonly Node[]; next: number }[] = [];
    const visit = (node: Node): void => {
      if (visited.has(node) || this.#formals.has(node)) return;
      visited.add(node);
      path.push({ node, inputs: node.operation?.inputs ?? [], next: 0 });
    };
    for (const root of wanted) {
      visit(root);
      for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
        if (top.next < top.inputs.length) visit(top.inputs[top.next++]);
        else order.push((path.pop() ?? top).node);
      }
    }
    return order;
  }
}
