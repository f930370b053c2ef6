import {
  elementsOf,
  HostStorage,
  runProgram,
  type Destination,
  type Engine,
  type Node,
  type Storage,
} from "@stargrad/graph";
import { pendingWithCompanions } from "@stargrad/graph/internal";
import { defaultEngine } from "#default-engine";
import { isRecording } from "./recording-state.js";

let current: Engine | null = null;

/**
 * The engine that computes whatever is read next: the one that `setEngine` chose, and before that WebAssembly. Where that cannot
 * run, a warning says why, and the reference engine computes, which is slow and runs everywhere.
 *
 * Throws: StargradError if no engine has been chosen and the condition `stargrad-no-engine` leaves out the default one
 */
export function getEngine(): Engine {
  current ??= defaultEngine();
  return current;
}

/**
 * Chooses the engine that computes from here on. What has been computed stays where it is. If it is called before anything is
 * computed, the default engine is never made.
 */
export function setEngine(engine: Engine): void {
  current = engine;
}

/** Computes the elements of these nodes and of their companions as one program, and keeps them. */
export function realizeNodes(nodes: readonly Node[]): void {
  withFallbacks(nodes, () => {
    computeKept(nodes);
  });
}

function computeKept(nodes: readonly Node[]): void {
  const wanted = new Set(nodes);
  const { order, companions } = pendingWithCompanions(nodes);
  const outputs = order.filter((node) => wanted.has(node) || companions.has(node));
  if (outputs.length === 0) return;
  settle(outputs, runProgram(getEngine(), outputs, outputs.map(destinationOf)));
}

const destinations = new WeakMap<Node, (node: Node) => Destination>();

/**
 * Has the elements of a node that is computed and kept go where its owner says by then, instead of to ordinary memory. For those
 * who alone know of the node, and see to it that nobody reads what is written over.
 */
export function keepWhere(node: Node, choose: (node: Node) => Destination): void {
  destinations.set(node, choose);
}

function destinationOf(node: Node): Destination {
  return destinations.get(node)?.(node) ?? "host";
}

/** A node whose elements are wanted, and where. */
export type Order = readonly [node: Node, destination: Destination];

/**
 * Computes the elements of nodes as one program and hands them to the caller, who alone knows of them. Other nodes, and
 * the companions of all of them, are computed along with them and kept.
 */
export function computeNodes(orders: readonly Order[], alongside: readonly Node[]): Storage[] {
  const nodes = orders.map(([node]) => node);
  const all = [...nodes, ...alongside];
  return withFallbacks(all, () => {
    const wanted = new Set(alongside);
    const { order, companions } = pendingWithCompanions(all);
    const kept = order.filter((node) => wanted.has(node) || companions.has(node));
    if (nodes.length + kept.length === 0) return [];
    const places = [...orders.map(([, destination]) => destination), ...kept.map(destinationOf)];
    const storages = runProgram(getEngine(), [...nodes, ...kept], places);
    settle(kept, storages.slice(nodes.length));
    return storages.slice(0, nodes.length);
  });
}

function settle(nodes: readonly Node[], storages: readonly Storage[]): void {
  nodes.forEach((node, i) => {
    node.settle(storages[i]);
    fallbacks.delete(node);
  });
}

const fallbacks = new WeakMap<Node, Node>();

/**
 * Has a node take on the value of another if its own, or that of one of its companions, turns out not to be computable. For
 * changes that nobody has asked to see, such as running statistics: one that cannot be made has not happened, and must not
 * be in the way of others.
 */
export function fallBackOn(node: Node, other: Node): void {
  fallbacks.set(node, other);
}

/** Computes something that needs these nodes. If it throws, it gets a second try without what it would compute in passing. */
function withFallbacks<T>(nodes: readonly Node[], compute: () => T): T {
  if (isRecording()) throw new Error("something was about to be computed while a function is recorded");
  try {
    return compute();
  } catch (error) {
    const { order } = pendingWithCompanions(nodes);
    const optional = order.filter((node) => fallbacks.has(node));
    if (optional.length === 0) throw error;
    // In the order in which they were made, so that each finds what it is made from.
    optional.sort((a, b) => a.serial - b.serial);
    for (const node of optional) if (node.storage === null) computeOrFallBack(node);
    return compute();
  }
}

function computeOrFallBack(node: Node): void {
  try {
    computeKept([node]);
  } catch {
    for (const each of new Set([node, ...node.companions])) {
      const other = fallbacks.get(each);
      if (other !== undefined) settle([each], [new HostStorage(elementsOf(other).readSync().slice())]);
    }
  }
}
