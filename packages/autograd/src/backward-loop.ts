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

/** A loop: its node and its operation. */
export interface Loop {
  readonly bundle: Node;
  readonly scan: Extract<Operation, { primitive: "scan" }>;
}

/** The parts of a backward iteration, and the requested results over all iterations. */
export interface BackwardParts {
  readonly extent: LoopExtent;
  /** The gradients of carries. */
  readonly carries: readonly Carry[];
  /** The gradients of results. */
  readonly gradients: readonly Sequence[];
  /** The trace of the pull-back through the body, with the nodes that it made. */
  readonly traced: Traced<unknown>;
  /** Nodes to sum over the iterations. */
  readonly summed: readonly Node[];
  /** Nodes to stack over the iterations. */
  readonly stacked: readonly Node[];
}

/**
 * Makes the backward loop of a forward loop, and adds the residuals it needs to the forward loop's results: no more bytes
 * than the bound, else only the carries. Returns the gradients of the initial carries, the sums and the stacks.
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

/** Whether a node depends on the forward iteration only, or on gradients too. */
type Kind = "forward" | "gradient";

class BackwardLoop implements IterationStacks {
  readonly length: number;
  readonly sums: readonly Later[];
  readonly stacks: readonly Later[];
  readonly #forward: Loop;
  readonly #parts: BackwardParts;
  readonly #keepable: Keepable;
  readonly #kinds = new Map<Node, Kind>();
  /** Constants of the forward loop whose formal differs from the input, with that input. */
  readonly #given: ReadonlyMap<Node, Node>;
  /** The sequences of the forward loop, by their formals. */
  readonly #sequences: ReadonlyMap<Node, Node>;
  /** The carries of this loop: the gradients of the forward carries, carries of the trace, then sums. */
  readonly #carries: Carry[];
  readonly #results: Node[] = [];
  /** The nodes that the forward loop keeps for this loop (residuals). */
  readonly #kept = new Set<Node>();
  readonly #stacked = new Set<Node>();
  readonly #made: Node[];
  /** The number of bytes kept over all iterations, besides the requested stacks. */
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
    const index = this.#carries.push({ formal, initial: zeros(shape, { dtype }).node, next }) - 1;
    return (output) => output(index);
  }

  /** Makes the loop; returns a function that makes the node of an output. */
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
      if (loop === null) throw new Error("an output was requested from a loop that has none");
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

  /** Sums over the iterations, computed outside of the loop where possible. */
  #sum(nodes: readonly Node[], { lean }: { readonly lean: boolean }): Later[] {
    const outside = (node: Node): Later | null =>
      lean && this.constantOf(node) === null ? null : sumOutside(node, this);
    const first = nodes.map((node) => ({ node, sum: outside(node) }));
    // Try again: the first pass may have stacked nodes that earlier sums can use.
    return first.map(({ node, sum }) => sum ?? outside(node) ?? this.carriedSumOf(node));
  }

  /** The forward nodes that this loop reads, and all forward nodes, inputs before outputs. */
  #reads(): { readonly reads: ReadonlySet<Node>; readonly forwards: readonly Node[] } {
    const outputs = [...this.#carries.map(({ next }) => next), ...this.#results];
    const isForward = (node: Node): boolean => this.#kinds.get(node) === "forward";
    const order = topologicalOrder(outputs, (node) => this.#kinds.get(node) === "gradient", dependenciesOf);
    return {
      reads: new Set([...outputs, ...order.flatMap(dependenciesOf)].filter(isForward)),
      forwards: this.#made.filter(isForward),
    };
  }

  /** The inputs this loop needs to compute the nodes it reads: slices of sequences, and kept nodes. */
  #residualsFor(reads: ReadonlySet<Node>): Node[] {
    const isGiven = (node: Node): boolean => this.#sequences.has(node) || this.#kept.has(node);
    return topologicalOrder(
      [...reads],
      (node) => this.#kinds.get(node) === "forward" && !this.#given.has(node),
      (node) => (isGiven(node) ? [] : dependenciesOf(node)),
    ).filter(isGiven);
  }

  /** The values of a node of the forward loop in all iterations, stacked. */
  #keptOf(node: Node): Node {
    const { bundle, scan } = this.#forward;
    const { body } = scan.attributes;
    return createNode("scanOutput", [bundle], { index: body.next.length + body.addResult(node) });
  }
}
