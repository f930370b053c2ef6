import type { Node } from "./node.js";
import type { Storage } from "./storage.js";

/**
 * Where a result of a program goes: to ordinary memory, to the engine's own, or over the contents of a storage in the
 * engine's own memory that nobody needs once the program has run. An engine without a memory of its own uses ordinary
 * memory for all of them.
 */
export type Destination = "host" | "engine" | Storage;

/** A graph that is ready to be computed, as often as you like. */
export interface PreparedProgram {
  /** The nodes whose elements it needs. */
  readonly leaves: readonly Node[];
  /** About how many bytes it takes to keep it, for those who keep many. */
  readonly cost?: number;
  /**
   * Computes the outputs from elements for each leaf, and returns a storage for each output. `check` is shown those in
   * ordinary memory, in order, before any other is taken over. If it or the program throws, nothing has changed.
   */
  run(
    elements: readonly Storage[],
    destinations: readonly Destination[],
    check?: (results: readonly Storage[]) => void,
  ): Storage[];
}

/** HOW a graph is computed. An engine knows primitives; it knows nothing of gradients. */
export interface Engine {
  readonly name: string;
  /** Makes one program of the outputs. What a program needs only inside is its own. */
  prepare(outputs: readonly Node[]): PreparedProgram;
}

/** Computes outputs as one program and returns a storage for each. */
export function runProgram(
  engine: Engine,
  outputs: readonly Node[],
  destinations: readonly Destination[] = outputs.map(() => "host"),
): Storage[] {
  const program = engine.prepare(outputs);
  return program.run(program.leaves.map(elementsOf), destinations);
}

/** The elements of a leaf. */
export function elementsOf({ storage }: Node): Storage {
  if (storage === null) throw new Error("a leaf of the graph has no elements");
  return storage;
}
