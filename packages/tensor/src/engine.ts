import {
  createLeaf,
  dtypes,
  elementsOf,
  HostStorage,
  Node,
  referenceEngine,
  runProgram,
  type Destination,
  type Engine,
  type PreparedProgram,
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

/** float64 if the current engine computes it, and else float32. For what is computed more exactly where that is possible. */
export function widestFloat(): "float32" | "float64" {
  return getEngine().capabilities.dtypes.includes("float64") ? "float64" : "float32";
}

/**
 * A node with the value of another, computed now by the reference engine if the current one does not have all element types or is
 * not synchronous; else that node itself. For what is made once and may be slow, such as the first weights of a layer. All that
 * it is made from has to be in ordinary memory.
 */
export function computedAnywhere(node: Node): Node {
  const { capabilities } = getEngine();
  if (capabilities.synchronous && dtypes.every((dtype) => capabilities.dtypes.includes(dtype))) return node;
  return createLeaf(node.shape, node.dtype, runProgram(referenceEngine, [node])[0]);
}

/** What takes back what has been changed since the program that was started last; `null` if that cannot fail any more. */
let changes: TakeBack[] | null = null;

/** Takes a change back, and is told why. */
type TakeBack = (error: Error) => void;

/**
 * Runs a program of an engine. Whoever changes something because it has been started says how that is taken back, with
 * `takeBackIfItFails`: an engine that is not synchronous may find out later that it has failed.
 */
export function startProgram(
  { capabilities }: Engine,
  program: PreparedProgram,
  elements: readonly Storage[],
  destinations: readonly Destination[],
): Storage[] {
  if (capabilities.synchronous) {
    changes = null;
    return program.run(elements, destinations);
  }
  const made: TakeBack[] = [];
  const storages = program.run(elements, destinations, (error) => {
    for (const takeBack of made.splice(0).reverse()) takeBack(error);
  });
  changes = made;
  return storages;
}

/**
 * Says what takes back a change that was made because of the program that was started last. It is called if that program
 * turns out to have failed, after what takes back later changes, and never for a program of a synchronous engine.
 */
export function takeBackIfItFails(takeBack: TakeBack): void {
  changes?.push(takeBack);
}

/** Whether the program that was started last may still turn out to have failed. */
export function mayStillFail(): boolean {
  return changes !== null;
}

function runOnCurrent(outputs: readonly Node[], destinations: readonly Destination[]): Storage[] {
  const engine = getEngine();
  const program = engine.prepare(outputs);
  return startProgram(engine, program, program.leaves.map(elementsOf), destinations);
}

/**
 * The elements of a computed node where nobody writes over them: where they are, or a copy if they are in an engine's place that
 * belongs to a variable. The copy is read if it can be, and is otherwise a program of its own.
 */
export function lastingStorage(node: Node): Storage {
  const elements = elementsOf(node);
  if (elements.location === "host") return elements;
  if (elements.canReadSync) return new HostStorage(elements.readSync());
  return runOnCurrent([copyOf(createLeaf(node.shape, node.dtype, elements))], ["host"])[0];
}

function copyOf(node: Node): Node {
  return new Node(node, { operation: copying(node), tracked: false });
}

function copying(node: Node) {
  return { primitive: "stopGradient" as const, inputs: [node], attributes: {} };
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
  settle(outputs, runOnCurrent(outputs, outputs.map(destinationOf)));
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
    const storages = runOnCurrent([...nodes, ...kept], places);
    settle(kept, storages.slice(nodes.length));
    return storages.slice(0, nodes.length);
  });
}

function settle(nodes: readonly Node[], storages: readonly Storage[]): void {
  if (mayStillFail()) for (const node of nodes) unsettleIfItFails(node);
  nodes.forEach((node, i) => {
    node.settle(storages[i]);
    fallbacks.delete(node);
  });
}

/** Has a node be pending again if its program fails; one that has a fallback then takes on the value of that. */
function unsettleIfItFails(node: Node): void {
  const { operation, companions } = node;
  const other = fallbacks.get(node);
  takeBackIfItFails(() => {
    if (other === undefined) node.unsettle(operation, companions);
    else node.unsettle(copying(other));
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
      if (other !== undefined) settle([each], [lastingStorage(other)]);
    }
  }
}
