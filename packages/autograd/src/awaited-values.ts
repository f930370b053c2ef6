import { type Node } from "@stargrad/graph";
import { pendingWithCompanions, topologicalOrder } from "@stargrad/graph/internal";
import { realize, Tensor } from "@stargrad/tensor";
import { expectNoRecording } from "@stargrad/tensor/internal";
import type { Variable } from "./variable.js";

/** How many values a variable may await, each with the forward pass it is made from. */
const variableBound = 16;

/** How many values may be awaited in all. */
const totalBound = 1024;

/** How many replacements of other variables a value may be awaited for: by then its forward pass has been forgotten. */
const replacementBound = 16;

/**
 * The values that variables will have once they are computed, in the order in which they were assigned, and how many
 * replacements there had been by then. They are held here, and not by who may depend on them: what reads a variable is
 * known only by walking to it.
 */
const awaited = new Map<Node, number>();

let replacements = 0;

/** Computes all values that are awaited if there are too many, by one of these variables or in all. */
export function limitAwaited(variables: readonly Variable[]): void {
  if (awaited.size <= totalBound && variables.every(({ awaits }) => awaits <= variableBound)) return;
  realize(...stillAwaited().map((node) => new Tensor(node)));
  awaited.clear();
}

/** Remembers values that are still to be computed. */
export function awaitValues(nodes: readonly Node[]): void {
  for (const node of nodes) awaited.set(node, replacements);
}

/**
 * The values that have to be computed before these variables are replaced, besides those that are computed on the way to
 * some nodes: those made from what the variables hold, which will be gone, and those that have waited long.
 */
export function dueBefore(replaced: Iterable<Variable>, onTheWayTo: readonly Node[]): Node[] {
  if (awaited.size === 0) return [];
  const waiting = stillAwaited();
  const leaves = new Set([...replaced].flatMap((variable) => variable.sharedLeaves()));
  if (waiting.length === 0 || leaves.size === 0) return [];
  replacements++;
  // Each is a companion of itself.
  const { companions } = pendingWithCompanions(onTheWayTo);
  const others = waiting.filter((node) => !companions.has(node));
  if (others.length === 0) return [];
  const reading = new Set<Node>();
  for (const node of topologicalOrder(others, (each) => each.storage === null || leaves.has(each))) {
    if (leaves.has(node) || node.operation?.inputs.some((input) => reading.has(input)) === true) {
      reading.add(node);
    }
  }
  return others.filter(
    (node) => reading.has(node) || replacements - (awaited.get(node) ?? 0) > replacementBound,
  );
}

/** Computes the values that have to be there before these variables are replaced. For programs that do not build them in. */
export function computeDue(replaced: Iterable<Variable>): void {
  const due = dueBefore(replaced, []);
  if (due.length > 0) realize(...due.map((node) => new Tensor(node)));
}

/**
 * Gives back at once what a variable's values take, once what is awaited of them has been computed.
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
  // What has been computed knows no longer how, also if its elements have been let go since.
  for (const node of awaited.keys()) if (node.operation === null) awaited.delete(node);
  return [...awaited.keys()];
}
