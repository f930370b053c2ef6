import { type Node } from "@stargrad/graph";
import { pendingWithCoOutputs, topologicalOrder } from "@stargrad/graph/internal";
import { realize, Tensor } from "@stargrad/tensor";
import { expectNoRecording, shared } from "@stargrad/tensor/internal";
import type { Variable } from "./variable.js";

/** The largest number of pending values per variable. Each keeps the graph of its forward pass in memory. */
const variableBound = 16;

/** The largest number of pending values in total. */
const totalBound = 1024;

/**
 * The number of replacements of variables after which a pending value is computed: its forward pass is unlikely to be
 * computed any more.
 */
const replacementBound = 16;

/**
 * The pending values of variables in the order of assignment, each with the number of replacements so far. They are held
 * globally, because the nodes that depend on a variable are found only by traversing the graph from them.
 */
const { awaited, count } = /* @__PURE__ */ shared("awaitedValues", () => ({
  awaited: new Map<Node, number>(),
  count: { replacements: 0 },
}));

/** Computes all pending values if there are too many, for one of these variables or in total. */
export function limitAwaited(variables: readonly Variable[]): void {
  if (awaited.size <= totalBound && variables.every(({ awaits }) => awaits <= variableBound)) return;
  computeOrForget(stillAwaited());
}

/** Registers pending values. */
export function awaitValues(nodes: readonly Node[]): void {
  for (const node of nodes) awaited.set(node, count.replacements);
}

/**
 * Calls `compute`, which replaces these variables, with the pending values that it has to compute before: those that depend on
 * the variables' current values and are not computed by the program for `onTheWayTo`, and values that have been pending for many
 * replacements. If it throws, the latter are computed apart, because the error may be theirs, and it is called again without them.
 */
export function withDue<T>(
  replaced: Iterable<Variable>,
  onTheWayTo: readonly Node[],
  compute: (due: readonly Node[]) => T,
): T {
  const { reading, old } = dueBefore(replaced, onTheWayTo);
  try {
    return compute([...reading, ...old]);
  } catch (error) {
    if (old.length === 0) throw error;
    computeOrForget(old);
    return compute(reading);
  }
}

/** Computes the pending values that depend on these variables, or are old. For programs that do not include them. */
export function computeDue(replaced: Iterable<Variable>): void {
  withDue(replaced, [], (due) => {
    if (due.length > 0) realize(...due.map((node) => new Tensor(node)));
  });
}

interface Due {
  readonly reading: readonly Node[];
  readonly old: readonly Node[];
}

function dueBefore(replaced: Iterable<Variable>, onTheWayTo: readonly Node[]): Due {
  const none = { reading: [], old: [] };
  if (awaited.size === 0) return none;
  const waiting = stillAwaited();
  const leaves = new Set([...replaced].flatMap((variable) => variable.sharedLeaves()));
  if (waiting.length === 0 || leaves.size === 0) return none;
  count.replacements++;
  // Each pending value is its own co-output.
  const { coOutputs } = pendingWithCoOutputs(onTheWayTo);
  const others = waiting.filter((node) => !coOutputs.has(node));
  if (others.length === 0) return none;
  const reading = new Set<Node>();
  for (const node of topologicalOrder(others, (each) => each.storage === null || leaves.has(each))) {
    if (leaves.has(node) || node.operation?.inputs.some((input) => reading.has(input)) === true) {
      reading.add(node);
    }
  }
  const isOld = (node: Node): boolean => count.replacements - (awaited.get(node) ?? 0) > replacementBound;
  return {
    reading: others.filter((node) => reading.has(node)),
    old: others.filter((node) => !reading.has(node) && isOld(node)),
  };
}

/**
 * Computes pending values that the current program does not need. One that fails, for example because it belongs to a model on an
 * engine that is gone, stays pending, and its error is that of the program that reads it.
 */
function computeOrForget(nodes: readonly Node[]): void {
  for (const node of nodes) awaited.delete(node);
  const compute = (some: readonly Node[]): void => {
    realize(...some.map((node) => new Tensor(node)));
  };
  try {
    if (nodes.length > 0) compute(nodes);
  } catch {
    for (const node of nodes) {
      try {
        compute([node]);
      } catch {
        // Not this program's error.
      }
    }
  }
}

/**
 * Frees the memory of a variable's values immediately, after computing the pending values that depend on them.
 *
 * Throws: ArgumentError inside of a function that is recorded
 */
export function disposeOf(variable: Variable): void {
  expectNoRecording("dispose", "a variable is disposed of");
  if (variable.isDisposed) return;
  computeDue([variable]);
  variable.giveBack();
}

function stillAwaited(): Node[] {
  // A materialized node has no operation, also if its elements have been released since.
  for (const node of awaited.keys()) if (node.operation === null) awaited.delete(node);
  return [...awaited.keys()];
}
