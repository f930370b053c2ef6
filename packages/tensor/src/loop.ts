import { createNode, LoopBody, type Node } from "@stargrad/graph";
import { shared, topologicalOrder } from "@stargrad/graph/internal";
import { sequencesOfDraws } from "./draw-starts.js";
import { detach } from "./functions/elementwise.js";
import { TracedLoop, traceLoop } from "./loop-draws.js";
import { Tensor } from "./tensor.js";
import { trace } from "./trace.js";

/** A value that each iteration receives from the previous one. */
export interface Carry {
  /** The placeholder for it in the body. */
  readonly formal: Node;
  readonly initial: Node;
  readonly next: Node;
}

/** A tensor of which each iteration receives one slice. */
export interface Sequence {
  /** The placeholder for the slice in the body. */
  readonly formal: Node;
  readonly actual: Node;
}

/** The number of iterations of a loop, and its direction. */
export interface LoopExtent {
  readonly length: number;
  readonly reverse: boolean;
}

/** Values of variables that an iteration receives from the previous one, because the body assigns to the variables. */
export interface Changes {
  readonly before: readonly Node[];
  readonly after: readonly Node[];
  /** Assigns the values after the last iteration to the variables. */
  readonly commit: (values: readonly Tensor[]) => void;
}

/** Runs a function and collects its assignments to variables without carrying them out. */
export type ChangeCollector = <T>(f: () => T) => { readonly result: T; readonly changes: Changes };

/** What the package that defines variables and derivatives adds to loops. */
const additions = /* @__PURE__ */ shared<Additions>("loops", () => ({
  collectChanges: (f) => ({
    result: f(),
    changes: { before: [], after: [], commit: () => undefined },
  }),
  furtherSourcesOf: () => [],
}));

interface Additions {
  collectChanges: ChangeCollector;
  furtherSourcesOf: (node: Node) => readonly Node[];
}

/** Registers how assignments in the body of a loop are collected. Called by the package that defines variables. */
export function collectChangesBy(collector: ChangeCollector): void {
  additions.collectChanges = collector;
}

/**
 * Registers which nodes, besides its operands, receive a gradient from a node. Called by the package that defines custom gradient
 * rules.
 */
export function findSourcesBy(finder: (node: Node) => readonly Node[]): void {
  additions.furtherSourcesOf = finder;
}

/** The outcome of calling the function of a loop once. */
export interface Traced<T> {
  readonly result: T;
  /** All nodes that it made, inputs before outputs. */
  readonly made: readonly Node[];
  /** Its assignments and draws, as carries and sequences. The generators have already been advanced. */
  readonly carries: readonly Carry[];
  readonly sequences: readonly Sequence[];
  /** Must be called with the last values of these carries. */
  readonly commit: Changes["commit"];
}

/** Calls a function once, with placeholders for the values that differ between iterations. */
export function traceBody<T>(f: () => T, extent: LoopExtent): Traced<T> {
  const made: Node[] = [];
  const loop = new TracedLoop(extent.length);
  const call = () =>
    traceLoop(loop, () => {
      const collected = additions.collectChanges(f);
      // An assignment stores a value only: no gradient passes through it to the next iteration.
      const after = collected.changes.after.map((node) => detach(new Tensor(node)).node);
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
  /** All nodes that the body may contain, inputs before outputs. */
  readonly made: readonly Node[];
  /** Placeholders for constants (values that are the same in every iteration), each with the node it represents. */
  readonly constants?: ReadonlyMap<Node, Node>;
}

/**
 * Makes a loop from a graph. Nodes that depend on neither carries nor sequences are not part of the body: they are computed once,
 * outside. The returned node is a bundle of outputs; see the primitive `scan`.
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

/** The candidates that depend on nodes of `on`, in their order. */
function dependents(candidates: readonly Node[], on: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  for (const node of candidates) {
    if (on.has(node)) continue;
    if (operandsAndSources(node).some((input) => on.has(input) || found.has(input))) found.add(node);
  }
  return found;
}

function operandsAndSources(node: Node): readonly Node[] {
  return [...(node.operation?.inputs ?? []), ...additions.furtherSourcesOf(node)];
}
