import { topologicalOrder, type LoopGraph, type Node } from "./node.js";
import { writeSignature, type Signed, type SignatureWriter } from "./signature.js";

/** What a loop is made of; see `LoopBody`. */
export type LoopParts = Omit<LoopGraph, "addResult" | "order">;

/**
 * What every iteration of a loop computes: a graph between formals and what they lead to.
 *
 * A formal is any node that stands for an input while the body is evaluated. That of a constant is the very node outside
 * that the body was made with, although a copy of the loop may be given another input for it. That of a carry or a sequence
 * is a placeholder, or whatever other node has another value in every iteration: the leaf of a variable that the body
 * assigns to, or a node of the loop that this one is the gradient of. So a walk through a body has to stop at formals before
 * it looks at anything else about them.
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

  /** Writes its structure: what its formals are, what each node is and reads, and what comes of it. */
  [writeSignature](writer: SignatureWriter): void {
    const numbers = new Map<Node, number>();
    for (const formals of [this.constants, this.carries, this.sequences]) {
      writer.number(formals.length);
      for (const { dtype, shape } of formals) {
        writer.name(dtype);
        writer.numbers(shape);
      }
      // A node may play several parts: it is the last of them.
      for (const node of formals) numbers.set(node, numbers.size);
    }
    const outputs = [...this.next, ...this.#results];
    const order = this.#orderOfAll(outputs);
    writer.number(order.length);
    for (const node of order) {
      const { operation } = node;
      if (operation === null) throw new Error("a node of a loop is neither a formal nor computed");
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
   * The same as `order`, found without numbers in the nodes: this is asked for within a walk through the graph around the
   * loop, which has its own numbers there.
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
