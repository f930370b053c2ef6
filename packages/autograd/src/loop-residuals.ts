import { bytesPerElement, primitives, sizeOf, type Node, type PrimitiveName } from "@stargrad/graph";
import { topologicalOrder, type LoopGraph } from "@stargrad/graph/internal";
import { customRuleOf } from "./custom-rule.js";

/**
 * The largest cost of a primitive that is recomputed rather than kept: arithmetic, but no approximations of functions such as
 * exp.
 */
const cheapCost = 6;

/** The values a loop can keep of its iterations: nodes that it computes anyway, and its carries at the start of an iteration. */
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
    // An inner loop is not a tensor, but any of its outputs can be kept.
    const computed = operation?.primitive === "scanOutput" ? operation.inputs[0] : node;
    return operation?.primitive !== "scan" && this.#computed.has(computed);
  }

  /**
   * Chooses the residuals: the nodes to keep, so that the gradient can compute the nodes of `reads`. `candidates` are all
   * nodes that depend on the iteration and on no gradient, inputs before outputs. The chosen nodes are added to `kept`.
   *
   * Expensive nodes are kept. Cheap nodes are recomputed if their operands are kept values, slices or constants, and kept
   * otherwise. Nodes that only the gradient computes are recomputed. A lean choice keeps only the carries, from which
   * everything else can be recomputed. Slices of sequences are always available.
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
    // Always keep carries: their values are those at the start of the iteration, also if the node is a pending value of a variable.
    for (const node of stops) if (this.#carries.has(node) || !isCheap(node)) kept.add(node);
    /** Cheap nodes whose operands are all available. */
    const recomputed = new Set<Node>();
    const isAvailable = (node: Node): boolean =>
      !varying.has(node) || sequences.has(node) || kept.has(node) || recomputed.has(node);
    for (const node of candidates) {
      if (isCheap(node) && dependenciesOf(node).every(isAvailable)) recomputed.add(node);
      else if (stops.has(node)) kept.add(node);
    }
  }
}

/** Whether a node is a view of all elements of its operand. Keeping it in addition to the operand saves nothing. */
function isView(node: Node): boolean {
  const row = rowOf(node);
  return row?.kind === "movement" && "showsAll" in row && row.showsAll;
}

/** Whether a node is cheap to recompute: no reductions, and no expensive functions. */
function isCheap(node: Node): boolean {
  const row = rowOf(node);
  return row !== null && ("cost" in row ? row.cost <= cheapCost : row.kind === "movement");
}

/** The row of the primitive that computes a node; `null` for leaves and nodes with a custom rule. */
function rowOf(node: Node): (typeof primitives)[PrimitiveName] | null {
  if (node.operation === null || customRuleOf(node) !== undefined) return null;
  return primitives[node.operation.primitive];
}

/** The operands of a node, and any further nodes that receive a gradient from it. */
export function dependenciesOf(node: Node): readonly Node[] {
  const operands = node.operation?.inputs ?? [];
  const further = customRuleOf(node)?.inputs;
  return further === undefined ? operands : [...operands, ...further];
}

/** The number of bytes needed to keep nodes of every iteration. */
export function bytesOf(nodes: Iterable<Node>, length: number): number {
  let bytes = 0;
  for (const { shape, dtype } of nodes) bytes += length * sizeOf(shape) * bytesPerElement(dtype);
  return bytes;
}
