import { pendingNodes, referenceEngine, type Engine, type Node } from "@stargrad/graph";
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
  const storages = getEngine().run(outputs);
  outputs.forEach((node, i) => {
    node.settle(storages[i]);
  });
}
