import { createNode, LoopBody, type Node } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { sequencesOfDraws } from "./draw-starts.js";
import { stopGradient } from "./functions/elementwise.js";
import { TracedLoop, traceLoop } from "./loop-draws.js";
import { Tensor } from "./tensor.js";
import { trace } from "./trace.js";

/** A value that each iteration takes over from the one before. */
export interface Carry {
  /** Stands for it in the body. */
  readonly formal: Node;
  readonly initial: Node;
  readonly next: Node;
}

/** Slices, one for each iteration. */
export interface Sequence {
  /** Stands for the slice in the body. */
  readonly formal: Node;
  readonly actual: Node;
}

/** How often a loop runs, and in which direction. */
export interface LoopExtent {
  readonly length: number;
  readonly reverse: boolean;
}

/** Values of variables that an iteration takes over from the one before. */
export interface Changes {
  readonly before: readonly Node[];
  readonly after: readonly Node[];
  /** Has the variables take on the values that they have after the last iteration. */
  readonly commit: (values: readonly Tensor[]) => void;
}

/** Runs a function and tells what it would change, without changing it. */
export type ChangeCollector = <T>(f: () => T) => { readonly result: T; readonly changes: Changes };

let collectChanges: ChangeCollector = (f) => ({
  result: f(),
  changes: { before: [], after: [], commit: () => undefined },
});

/** Says how changes of variables are noticed in the body of a loop, for the package that has variables. */
export function collectChangesBy(collector: ChangeCollector): void {
  collectChanges = collector;
}

let furtherSourcesOf: (node: Node) => readonly Node[] = () => [];

/** Says which nodes a gradient of a node goes to beside its operands, for the package that has such gradients. */
export function findSourcesBy(finder: (node: Node) => readonly Node[]): void {
  furtherSourcesOf = finder;
}

/** What became of a function that was called for a loop. */
export interface Traced<T> {
  readonly result: T;
  /** All nodes that were made, inputs before outputs. */
  readonly made: readonly Node[];
  /** What it draws and changes, as carries and sequences. Numbers have been taken from the generators. */
  readonly carries: readonly Carry[];
  readonly sequences: readonly Sequence[];
  /** To be called with the last values of these carries. */
  readonly commit: Changes["commit"];
}

/** Calls a function once, with placeholders in the place of what differs between iterations. */
export function traceBody<T>(f: () => T, extent: LoopExtent): Traced<T> {
  const made: Node[] = [];
  const loop = new TracedLoop(extent.length);
  const call = () =>
    traceLoop(loop, () => {
      const collected = collectChanges(f);
      // What is assigned to a variable is a value: no gradient passes from it to the next iteration.
      const after = collected.changes.after.map((node) => stopGradient(new Tensor(node)).node);
      return { ...collected, changes: { ...collected.changes, after } };
    });
  const { result, changes } = trace(call, (node) => void made.push(node));
  const { before, after, commit } = changes;
  return {
    result,
    made,
    carries: before.map((node, i) => ({ formal: node, initial: node, next: after[i] })),
    sequences: sequencesOfDraws(loop, extent),
    commit,
  };
}

export interface LoopDefinition extends LoopExtent {
  readonly carries: readonly Carry[];
  readonly sequences: readonly Sequence[];
  readonly results: readonly Node[];
  /** Every node that the body may be made of, inputs before outputs. */
  readonly made: readonly Node[];
  /** Nodes that stand for others: what the body treats as the same in every iteration, and what it is. */
  readonly constants?: ReadonlyMap<Node, Node>;
}

/**
 * Makes a loop of a graph. What depends on neither carries nor sequences is not part of its body: it is computed once, outside.
 * The node is a bundle; see the primitive `scan`.
 */
export function createLoop(definition: LoopDefinition): Node {
  const { carries, sequences, results, made, length, reverse } = definition;
  const given = definition.constants ?? new Map<Node, Node>();
  const varying = new Set([...carries, ...sequences].map(({ formal }) => formal));
  const inside = dependents(made, new Set([...varying, ...given.keys()]));
  const outputs = [...carries.map(({ next }) => next), ...results];
  const constants = new Set(outputs);
  const order = topologicalOrder(outputs, (node) => inside.has(node), operandsAndSources);
  for (const node of order) for (const input of operandsAndSources(node)) constants.add(input);
  for (const node of [...constants]) if (inside.has(node) || varying.has(node)) constants.delete(node);
  const body = new LoopBody({
    constants: [...constants],
    carries: carries.map(({ formal }) => formal),
    sequences: sequences.map(({ formal }) => formal),
    next: carries.map(({ next }) => next),
    results,
    inside,
  });
  const inputs = [
    ...[...constants].map((node) => given.get(node) ?? node),
    ...carries.map(({ initial }) => initial),
    ...sequences.map(({ actual }) => actual),
  ];
  return createNode("scan", inputs, { body, length, reverse });
}

/** The nodes that depend on some of these, in order. */
function dependents(candidates: readonly Node[], on: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  for (const node of candidates) {
    if (on.has(node)) continue;
    if (operandsAndSources(node).some((input) => on.has(input) || found.has(input))) found.add(node);
  }
  return found;
}

function operandsAndSources(node: Node): readonly Node[] {
  return [...(node.operation?.inputs ?? []), ...furtherSourcesOf(node)];
}
