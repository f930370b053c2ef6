import { createNode, Placeholder, type Node, type Operation } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { add, Tensor, zeros } from "@stargrad/tensor";
import {
  createLoop,
  type Carry,
  type LoopExtent,
  type Sequence,
  type Traced,
} from "@stargrad/tensor/internal";
import { bytesOf, dependenciesOf, Keepable } from "./loop-residuals.js";
import { stackOutside, sumOutside, type IterationStacks, type Later } from "./loop-sums.js";

/** A loop as a node, and what it does. */
export interface Loop {
  readonly bundle: Node;
  readonly scan: Extract<Operation, { primitive: "scan" }>;
}

/** What an iteration backwards is made of, and what is wanted of all of them. */
export interface BackwardParts {
  readonly extent: LoopExtent;
  /** The gradients of carries. */
  readonly carries: readonly Carry[];
  /** The gradients of results. */
  readonly gradients: readonly Sequence[];
  /** What pulled the gradients back, and what was made on the way. */
  readonly traced: Traced<unknown>;
  /** What is to be added up over the iterations. */
  readonly summed: readonly Node[];
  /** What is to be stacked. */
  readonly stacked: readonly Node[];
}

/**
 * Makes the loop that goes back through another, and has that one keep what is needed for it: no more bytes than the bound, or
 * else only its carries. Returns what has been asked for: the gradients of the carries as the loop began, sums and stacks.
 */
export function createBackwardLoop(
  forward: Loop,
  parts: BackwardParts,
  keptBytesBound: number,
): { readonly carries: Tensor[]; readonly sums: Tensor[]; readonly stacks: Tensor[] } {
  const generous = new BackwardLoop(forward, parts, { lean: false });
  const loop =
    generous.keptBytes <= keptBytesBound ? generous : new BackwardLoop(forward, parts, { lean: true });
  const output = loop.create();
  return {
    carries: parts.carries.map((_, i) => output(i)),
    sums: loop.sums.map((sum) => sum(output)),
    stacks: loop.stacks.map((stack) => stack(output)),
  };
}

/** Whether a node depends on the iteration forwards alone, or on gradients too. */
type Kind = "forward" | "gradient";

class BackwardLoop implements IterationStacks {
  readonly length: number;
  readonly sums: readonly Later[];
  readonly stacks: readonly Later[];
  readonly #forward: Loop;
  readonly #parts: BackwardParts;
  readonly #keepable: Keepable;
  readonly #kinds = new Map<Node, Kind>();
  /** The nodes that stand for others: constants of the loop forwards that have been given another input. */
  readonly #given: ReadonlyMap<Node, Node>;
  /** The sequences of the loop forwards, by their formals. */
  readonly #sequences: ReadonlyMap<Node, Node>;
  /** The carries of this loop: the gradients of those forwards, then sums. */
  readonly #carries: Carry[];
  readonly #results: Node[] = [];
  /** What the loop forwards keeps. */
  readonly #kept = new Set<Node>();
  readonly #stacked = new Set<Node>();
  readonly #made: Node[];
  /** How many bytes are kept of all iterations, beside what is wanted. */
  readonly keptBytes: number;

  constructor(forward: Loop, parts: BackwardParts, { lean }: { readonly lean: boolean }) {
    const { inputs, attributes } = forward.scan;
    const { body } = attributes;
    const firstSequence = body.constants.length + body.carries.length;
    this.length = attributes.length;
    this.#forward = forward;
    this.#parts = parts;
    this.#keepable = new Keepable(body);
    this.#given = new Map(
      body.constants.flatMap((formal, i) => (inputs[i] === formal ? [] : [[formal, inputs[i]] as const])),
    );
    this.#sequences = new Map(body.sequences.map((formal, i) => [formal, inputs[firstSequence + i]]));
    this.#carries = [...parts.carries, ...parts.traced.carries];
    this.#made = [...body.inside, ...parts.traced.made];
    this.#classify();

    this.stacks = parts.stacked.map((node) => stackOutside(node, this));
    const wanted = this.#results.length;
    this.sums = this.#sum(parts.summed, { lean });
    const { reads, forwards } = this.#reads();
    this.#keepable.choose(reads, forwards, this.#kept, { lean });
    this.keptBytes = bytesOf([...this.#kept, ...this.#results.slice(wanted)], this.length);
  }

  constantOf(node: Node): Tensor | null {
    const given = this.#given.get(node);
    if (given !== undefined) return new Tensor(given);
    return this.#kinds.has(node) ? null : new Tensor(node);
  }

  isStacked(node: Node): boolean {
    return this.#stacked.has(node);
  }

  stackOf(node: Node): Later {
    this.#stacked.add(node);
    const sequence = this.#sequences.get(node);
    if (sequence !== undefined) return () => new Tensor(sequence);
    if (this.#kinds.get(node) === "forward" && this.#keepable.has(node)) {
      this.#kept.add(node);
      return () => new Tensor(this.#keptOf(node));
    }
    if (!this.#results.includes(node)) this.#results.push(node);
    return (output) => output(this.#carries.length + this.#results.indexOf(node));
  }

  carriedSumOf(node: Node): Later {
    const { shape, dtype } = node;
    const formal = new Placeholder({ shape, dtype });
    const next = add(new Tensor(formal), new Tensor(node)).node;
    for (const each of [formal, next]) this.#kinds.set(each, "gradient");
    this.#made.push(next);
    const place = this.#carries.push({ formal, initial: zeros(shape, { dtype }).node, next }) - 1;
    return (output) => output(place);
  }

  /** Makes the loop; returns what looks up its outputs. */
  create(): (index: number) => Tensor {
    const { extent, gradients, traced } = this.#parts;
    const { reads } = this.#reads();
    const residuals = this.#residualsFor(reads).map((formal) => ({
      formal,
      actual: this.#sequences.get(formal) ?? this.#keptOf(formal),
    }));
    const loop =
      this.#carries.length + this.#results.length === 0
        ? null
        : createLoop({
            ...extent,
            carries: this.#carries,
            sequences: [...gradients, ...residuals, ...traced.sequences],
            results: this.#results,
            made: this.#made,
            constants: this.#given,
          });
    const output = (index: number): Tensor => {
      if (loop === null) throw new Error("a loop without outputs is asked for one");
      return new Tensor(createNode("scanOutput", [loop], { index }));
    };
    const first = this.#parts.carries.length;
    traced.commit(traced.carries.map((_, i) => output(first + i)));
    return output;
  }

  #classify(): void {
    const { carries, gradients, traced } = this.#parts;
    const { carries: ownCarries, sequences } = this.#forward.scan.attributes.body;
    for (const formal of [...ownCarries, ...sequences, ...this.#given.keys()])
      this.#kinds.set(formal, "forward");
    for (const { formal } of [...carries, ...gradients, ...traced.carries, ...traced.sequences])
      this.#kinds.set(formal, "gradient");
    for (const node of this.#made) {
      if (this.#kinds.has(node)) continue;
      const kinds = new Set(dependenciesOf(node).map((input) => this.#kinds.get(input)));
      if (kinds.has("gradient")) this.#kinds.set(node, "gradient");
      else if (kinds.has("forward")) this.#kinds.set(node, "forward");
    }
  }

  /** Sums over the iterations, outside of the loop as far as may be. */
  #sum(nodes: readonly Node[], { lean }: { readonly lean: boolean }): Later[] {
    const outside = (node: Node): Later | null =>
      lean && this.constantOf(node) === null ? null : sumOutside(node, this);
    const first = nodes.map((node) => ({ node, sum: outside(node) }));
    // By now more is stacked than when the first of them was looked at.
    return first.map(({ node, sum }) => sum ?? outside(node) ?? this.carriedSumOf(node));
  }

  /** What the loop reads of the iteration forwards, and all there is of that, inputs before outputs. */
  #reads(): { readonly reads: ReadonlySet<Node>; readonly forwards: readonly Node[] } {
    const outputs = [...this.#carries.map(({ next }) => next), ...this.#results];
    const isForward = (node: Node): boolean => this.#kinds.get(node) === "forward";
    const order = topologicalOrder(outputs, (node) => this.#kinds.get(node) === "gradient", dependenciesOf);
    return {
      reads: new Set([...outputs, ...order.flatMap(dependenciesOf)].filter(isForward)),
      forwards: this.#made.filter(isForward),
    };
  }

  /** What has to be given to this loop so that it has what it reads: slices of sequences, and what is kept. */
  #residualsFor(reads: ReadonlySet<Node>): Node[] {
    const isGiven = (node: Node): boolean => this.#sequences.has(node) || this.#kept.has(node);
    return topologicalOrder(
      [...reads],
      (node) => this.#kinds.get(node) === "forward" && !this.#given.has(node),
      (node) => (isGiven(node) ? [] : dependenciesOf(node)),
    ).filter(isGiven);
  }

  /** What a node of the loop forwards was in all iterations. */
  #keptOf(node: Node): Node {
    const { bundle, scan } = this.#forward;
    const { body } = scan.attributes;
    return createNode("scanOutput", [bundle], { index: body.next.length + body.addResult(node) });
  }
}
