import { referenceEngine, type Engine } from "@stargrad/graph";
import { WasmEngine } from "@stargrad/wasm";

/** The part of `console` used here; every host provides it. */
declare const console: { warn(message: string): void };

/**
 * The engine that is used until `setEngine` chooses another. Only this file chooses it: package.json maps `#default-engine` to
 * this file, or to `no-default-engine.ts` under the condition `stargrad-no-engine`.
 */
export function defaultEngine(threads?: number): Engine {
  const obstacle = WasmEngine.obstacle();
  if (obstacle === null) return new WasmEngine(threads === undefined ? {} : { threads });
  console.warn(
    `Stargrad computes with its reference engine, which is many times slower: ${obstacle}. ` +
      "To use it without this warning, call setEngine(referenceEngine).",
  );
  return referenceEngine;
}
