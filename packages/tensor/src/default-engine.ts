import { referenceEngine, type Engine } from "@stargrad/graph";
import { WasmEngine } from "@stargrad/wasm";

/** What this file uses of the console, which every host has. */
declare const console: { warn(message: string): void };

/**
 * The engine that computes until `setEngine` chooses another. This is the one place that says which: package.json calls it
 * `#default-engine`, or `no-default-engine.ts` under the condition `stargrad-no-engine`.
 */
export function defaultEngine(): Engine {
  const obstacle = WasmEngine.obstacle();
  if (obstacle === null) return new WasmEngine();
  console.warn(
    `Stargrad computes with its reference engine, which is many times slower: ${obstacle}. ` +
      "To use it without this warning, call setEngine(referenceEngine).",
  );
  return referenceEngine;
}
