import { ArgumentError, StaleValueError } from "./errors.js";
import { Placeholder, topologicalOrder, type Node, type ValueOwner } from "./node.js";
import { formatShape, type Shape } from "./shape.js";

/**
 * The nodes that have to be computed to materialize these nodes, inputs before outputs.
 *
 * Throws: StaleValueError if they depend on a value that its variable no longer keeps; the program's error if the program that
 * should have computed such a value failed; ArgumentError if they depend on a value that exists only inside a loop
 */
export function pendingNodes(nodes: readonly Node[]): Node[] {
  const order = topologicalOrder(nodes, ({ storage }) => storage === null);
  for (const node of order) {
    if (node.operation !== null) continue;
    if (node.owner !== null) throw node.owner.failure ?? staleValue(node.owner, node.shape);
    if (node instanceof Placeholder) throw leaked(node);
  }
  return order;
}

/** The nodes to compute. */
export interface Computation {
  /** All of them, inputs before outputs. */
  readonly order: readonly Node[];
  /** Those whose results are stored because they are co-outputs of other nodes. */
  readonly coOutputs: ReadonlySet<Node>;
}

/**
 * Like `pendingNodes`, and includes co-outputs transitively. Does not check for stale values: `pendingNodes`, which the engine
 * calls, does.
 */
export function pendingWithCoOutputs(nodes: readonly Node[]): Computation {
  const roots = [...nodes];
  const groups = new Set<readonly Node[]>();
  const coOutputs = new Set<Node>();
  const order = topologicalOrder(roots, (node) => {
    if (node.storage !== null) return false;
    if (node.coOutputs.length > 0 && !groups.has(node.coOutputs)) {
      groups.add(node.coOutputs);
      for (const coOutput of node.coOutputs) {
        // A co-output that was computed and released since is not computed again.
        if (coOutput.storage !== null || coOutput.operation === null) continue;
        coOutputs.add(coOutput);
        // topologicalOrder also visits roots that are appended during the walk.
        roots.push(coOutput);
      }
    }
    return true;
  });
  return { order, coOutputs };
}

function leaked({ shape, dtype }: Placeholder): ArgumentError {
  return new ArgumentError(
    "realize",
    `got a tensor that depends on a value ${dtype} ${formatShape(shape)} inside the function passed to scan; that value differs in every iteration and does not exist outside`,
    "Return the value from the function, as a part of the carry or of y",
  );
}

function staleValue({ description }: ValueOwner, shape: Shape): StaleValueError {
  return new StaleValueError(
    "realize",
    `needs the value that ${description} ${formatShape(shape)} had before its last two updates; only its current and its previous value are kept`,
    "Read or realize a tensor before the variables it was computed from are updated twice",
  );
}
