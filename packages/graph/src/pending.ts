import { ArgumentError, StaleValueError } from "./errors.js";
import { Placeholder, topologicalOrder, type Node, type ValueOwner } from "./node.js";
import { formatShape, type Shape } from "./shape.js";

/**
 * The nodes that have to be computed before the elements of these are there, in an order that works.
 *
 * Throws: StaleValueError if they depend on a value that its variable no longer has; the error of a program that was to compute
 * such a value and failed; ArgumentError if they depend on what
 * is only inside of a loop
 */
export function pendingNodes(nodes: readonly Node[]): Node[] {
  const order = topologicalOrder(nodes, ({ storage }) => storage === null);
  for (const node of order) {
    if (node.owner !== null && node.operation === null) {
      throw node.owner.failure ?? staleValue(node.owner, node.shape);
    }
    if (node instanceof Placeholder) throw leaked(node);
  }
  return order;
}

/** What has to be computed. */
export interface Computation {
  /** All of it, in an order that works. */
  readonly order: readonly Node[];
  /** Those that are kept because they are companions of others. */
  readonly companions: ReadonlySet<Node>;
}

/**
 * The same with the companions of every node that has to be computed, theirs, and so on. Whether all values are still
 * there is not asked here: the engine's walk finds out.
 */
export function pendingWithCompanions(nodes: readonly Node[]): Computation {
  const roots = [...nodes];
  const groups = new Set<readonly Node[]>();
  const companions = new Set<Node>();
  const order = topologicalOrder(roots, (node) => {
    if (node.storage !== null) return false;
    if (node.companions.length > 0 && !groups.has(node.companions)) {
      groups.add(node.companions);
      for (const companion of node.companions) {
        // One that has been computed may have been let go since; it is not wanted again.
        if (companion.storage !== null || companion.operation === null) continue;
        companions.add(companion);
        // The walk goes on to roots that join while it is under way.
        roots.push(companion);
      }
    }
    return true;
  });
  return { order, companions };
}

function leaked({ shape, dtype }: Placeholder): ArgumentError {
  return new ArgumentError(
    "realize",
    `needs a value ${dtype} ${formatShape(shape)} of the function that scan loops over, which has another one at every iteration and none outside`,
    "Return what you need from the function, as a part of the carry or of y",
  );
}

function staleValue({ description }: ValueOwner, shape: Shape): StaleValueError {
  return new StaleValueError(
    "realize",
    `needs the value that ${description} ${formatShape(shape)} had before its last two updates; only its current and its previous value are kept`,
    "Read or realize a tensor before the variables it was computed from are updated twice",
  );
}
