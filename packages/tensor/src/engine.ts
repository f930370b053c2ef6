import {
  pendingNodes,
  referenceEngine,
  runProgram,
  type Destination,
  type Engine,
  type Node,
  type Storage,
} from "@stargrad/graph";
import { WasmEngine } from "@stargrad/wasm";

let current: Engine | null = null;

/**
 * The engine that computes whatever is read next: WebAssembly where the machine has its vectors, and else the reference
 * engine, which is slow and runs everywhere.
 */
export function getEngine(): Engine {
  current ??= WasmEngine.isSupported() ? new WasmEngine() : referenceEngine;
  return current;
}

/** Chooses the engine that computes from here on. What has been computed stays where it is. */
export function setEngine(engine: Engine): void {
  current = engine;
}

/** Computes the elements of these nodes and of their companions as one program, and keeps them. */
export function realizeNodes(nodes: readonly Node[]): void {
  const wanted = new Set(nodes);
  const outputs = pendingNodes(nodes).filter((node) => node.companions.length > 0 || wanted.has(node));
  if (outputs.length === 0) return;
  settle(outputs, runProgram(getEngine(), outputs));
}

/** A node whose elements are wanted, and where. */
export type Order = readonly [node: Node, destination: Destination];

/**
 * Computes the elements of nodes as one program and hands them to the caller, who alone knows of them. Other nodes, and
 * the companions of all of them, are computed along with them and kept.
 */
export function computeNodes(orders: readonly Order[], alongside: readonly Node[]): Storage[] {
  const wanted = new Set(alongside);
  const nodes = orders.map(([node]) => node);
  const kept = pendingNodes([...nodes, ...alongside]).filter(
    (node) => node.companions.length > 0 || wanted.has(node),
  );
  if (nodes.length + kept.length === 0) return [];
  const hosts = kept.map((): Destination => "host");
  const destinations = [...orders.map(([, destination]) => destination), ...hosts];
  const storages = runProgram(getEngine(), [...nodes, ...kept], destinations);
  settle(kept, storages.slice(nodes.length));
  return storages.slice(0, nodes.length);
}

function settle(nodes: readonly Node[], storages: readonly Storage[]): void {
  nodes.forEach((node, i) => {
    node.settle(storages[i]);
  });
}
