import { topologicalOrder, type Node } from "./node.js";
import { writeSignature, type Signed, type SignatureWriter } from "./signature.js";

/** What a loop is made of; see `LoopBody`. */
export interface LoopParts {
  readonly constants: readonly Node[];
  readonly carries: readonly Node[];
  readonly sequences: readonly Node[];
  readonly next: readonly Node[];
  readonly results: readonly Node[];
  readonly inside: ReadonlySet<Node>;
}

/**
 * What every iteration of a loop computes: a graph between formals and what they lead to.
 *
 * A formal is any node that stands for an input while the body is evaluated. That of a constant is the very node outside
 * that the body was made with, although a copy of the loop may be given another input for it. That of a carry or a sequence
 * is a placeholder, or whatever other node has another value in every iteration: the leaf of a variable that the body
 * assigns to, or a node of the loop that this one is the gradient of. So a walk through a body has to stop at formals before
 * it looks at anything else about them.
 */
export class LoopBody implements Signed {
  /** The same in every iteration. */
  readonly constants: readonly Node[];
  /** What an iteration takes over from the one before. */
  readonly carries: readonly Node[];
  /** Of each sequence, the slice that is the iteration's. */
  readonly sequences: readonly Node[];
  /** What the carries become, one for each. */
  readonly next: readonly Node[];
  readonly #inside: Set<Node>;
  readonly #results: Node[];
  readonly #formals: ReadonlySet<Node>;
  #description: string | null = null;
  #number: number | null = null;

  constructor({ constants, carries, sequences, next, results, inside }: LoopParts) {
    this.constants = constants;
    this.carries = carries;
    this.sequences = sequences;
    this.next = next;
    this.#inside = new Set(inside);
    this.#results = [...results];
    this.#formals = new Set([...constants, ...carries, ...sequences]);
  }

  /** Everything that was made with the body and depends on a formal that is not a constant, inputs before outputs. */
  get inside(): ReadonlySet<Node> {
    return this.#inside;
  }

  /** What each iteration makes besides. A gradient may add to it; what is there keeps its place. */
  get results(): readonly Node[] {
    return this.#results;
  }

  /** Has the loop make another result, unless it does so already; returns which one it is. */
  addResult(node: Node): number {
    const known = this.#results.indexOf(node);
    if (known >= 0) return known;
    this.#description = null;
    this.#number = null;
    if (!this.#formals.has(node)) this.#inside.add(node);
    return this.#results.push(node) - 1;
  }

  /** Writes the number of its description. */
  [writeSignature](writer: SignatureWriter): void {
    this.#number ??= numberOf(this.describe());
    writer.number(this.#number);
  }

  /** The nodes between the formals and these, inputs before outputs, without the formals. */
  order(wanted: readonly Node[]): Node[] {
    return topologicalOrder(wanted, (node) => !this.#formals.has(node));
  }

  /** A text that two bodies share exactly if one program can compute both: see `describeGraph` in the compiler. */
  describe(): string {
    this.#description ??= this.#describe();
    return this.#description;
  }

  #describe(): string {
    const numbers = new Map<Node, number>();
    const formals = [this.constants, this.carries, this.sequences].map((nodes) =>
      nodes
        .map((node) => {
          numbers.set(node, numbers.size);
          return `${node.dtype}[${node.shape.join()}]`;
        })
        .join(" "),
    );
    const outputs = [...this.next, ...this.#results];
    const lines = this.order(outputs).map((node) => {
      const { operation } = node;
      if (operation === null) throw new Error("a node of a loop is neither a formal nor computed");
      const inputs = operation.inputs.map((input) => numbers.get(input));
      numbers.set(node, numbers.size);
      return `${operation.primitive}(${inputs.join(" ")})${describeAttributes(operation.attributes)}`;
    });
    return `${formals.join("|")}{${lines.join(";")}>${outputs.map((node) => numbers.get(node)).join()}}`;
  }
}

/** The numbers of all descriptions that were ever met. */
const numbers = new Map<string, number>();

function numberOf(description: string): number {
  const known = numbers.get(description);
  if (known !== undefined) return known;
  numbers.set(description, numbers.size);
  return numbers.size - 1;
}

/** Attributes as a text that others share exactly if they are the same. */
export function describeAttributes(attributes: object): string {
  if (!("body" in attributes && attributes.body instanceof LoopBody)) {
    return JSON.stringify(attributes, exactly);
  }
  const { body, ...others } = attributes;
  return `${JSON.stringify(others, exactly)}${body.describe()}`;
}

/** JSON has no infinities, no NaN and no −0, which a padding may be. */
function exactly(_: string, value: unknown): unknown {
  const isPlain = typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0));
  return isPlain ? value : `number ${Object.is(value, -0) ? "-0" : value}`;
}
