import { bytesPerElement, primitives, sizeOf, type Node, type PrimitiveName } from "@stargrad/graph";
import { topologicalOrder, type LoopGraph } from "@stargrad/graph/internal";
import { customRuleOf } from "./custom-rule.js";

/** What a primitive may cost to be computed once more rather than kept: arithmetic, and no series that approximates a function. */
const cheapCost = 6;

/** What a loop can keep of its iterations: what it computes anyway, and what its carries are when an iteration begins. */
export class Keepable {
  readonly #body: LoopGraph;
  readonly #carries: ReadonlySet<Node>;
  readonly #computed: ReadonlySet<Node>;

  constructor(body: LoopGraph) {
    this.#body = body;
    this.#carries = new Set(body.carries);
    this.#computed = new Set(body.order([...body.next, ...body.results]));
  }

  has(node: Node): boolean {
    if (this.#carries.has(node)) return true;
    const { operation } = node;
    // A loop inside of it is no tensor, but can be asked for another output.
    const computed = operation?.primitive === "scanOutput" ? operation.inputs[0] : node;
    return operation?.primitive !== "scan" && this.#computed.has(computed);
  }

  /**
   * Chooses what to keep so that nodes can be had in the gradient. `candidates` are all nodes that depend on the iteration and on
   * no gradient, inputs before outputs; what is `kept` already is added to.
   *
   * What was dear to compute is kept. What is arithmetic on kept values, on slices and on constants is computed once more, and so is
   * what only the gradient computes; what is arithmetic on anything else is kept in its place. A lean choice keeps the carries
   * alone, from which everything else follows. Slices of sequences are there in any case.
   */
  choose(
    reads: Iterable<Node>,
    candidates: readonly Node[],
    kept: Set<Node>,
    { lean }: { readonly lean: boolean },
  ): void {
    const sequences = new Set(this.#body.sequences);
    const varying = new Set([...this.#carries, ...candidates]);
    const isStop = (node: Node): boolean =>
      this.#carries.has(node) || (!lean && this.has(node) && !isView(node));
    const stops = new Set(
      topologicalOrder(
        [...reads],
        (node) => varying.has(node) && !kept.has(node),
        (node) => (isStop(node) ? [] : dependenciesOf(node)),
      ).filter(isStop),
    );
    // A carry is what it was when the iteration began, also where it is the coming value of a variable, and so computed outside.
    for (const node of stops) if (this.#carries.has(node) || !isCheap(node)) kept.add(node);
    /** What cheap operations make of what is there. */
    const following = new Set<Node>();
    const isThere = (node: Node): boolean =>
      !varying.has(node) || sequences.has(node) || kept.has(node) || following.has(node);
    for (const node of candidates) {
      if (isCheap(node) && dependenciesOf(node).every(isThere)) following.add(node);
      else if (stops.has(node)) kept.add(node);
    }
  }
}

/** Whether a node shows all elements of another one otherwise: nothing is gained by keeping it beside that. */
function isView(node: Node): boolean {
  const row = rowOf(node);
  return row?.kind === "movement" && "showsAll" in row && row.showsAll;
}

/** Whether a node costs little to compute once more: no sums, and nothing dear. */
function isCheap(node: Node): boolean {
  const row = rowOf(node);
  return row !== null && ("cost" in row ? row.cost <= cheapCost : row.kind === "movement");
}

/** What is said of the primitive that computes a node; `null` of a leaf, and of what has a rule of its own. */
function rowOf(node: Node): (typeof primitives)[PrimitiveName] | null {
  if (node.operation === null || customRuleOf(node) !== undefined) return null;
  return primitives[node.operation.primitive];
}

/** What a node is computed from, and what its gradient goes to beside that. */
export function dependenciesOf(node: Node): readonly Node[] {
  const operands = node.operation?.inputs ?? [];
  const further = customRuleOf(node)?.inputs;
  return further === undefined ? operands : [...operands, ...further];
}

/** How much memory it takes to keep nodes of every iteration. */
export function bytesOf(nodes: Iterable<Node>, length: number): number {
  let bytes = 0;
  for (const { shape, dtype } of nodes) bytes += length * sizeOf(shape) * bytesPerElement(dtype);
  return bytes;
}
