import type { DType } from "./dtype.js";
import type { Node } from "./node.js";
import type { Storage } from "./storage.js";

/**
 * Where a result of a program goes: to ordinary memory, to the engine's own, or over the contents of a storage in the
 * engine's own memory that nobody needs once the program has run. An engine without a memory of its own uses ordinary
 * memory for all of them. An engine whose memory cannot be read at once may leave what goes to `"host"` there until it is read, as
 * long as it writes over it for nobody and gives it back when the storage has been collected.
 */
export type Destination = "host" | "engine" | Storage;

/** A graph that is ready to be computed, as often as you like. */
export interface PreparedProgram {
  /** The nodes whose elements it needs. */
  readonly leaves: readonly Node[];
  /** About how many bytes it takes to keep it, for those who keep many. */
  readonly cost?: number;
  /**
   * Computes the outputs from elements for each leaf, and returns a storage for each output.
   *
   * A program fails if an index is outside of its axis, if an integer is divided by 0 or has a power below 0, or if a `check` in it
   * finds something. Then no storage that there was before has changed, whatever the destinations.
   *
   * A synchronous engine throws the error. Another one may return before it knows. If the program fails later, it and all
   * programs that were started after it, up to the moment when the failure is known, have failed with that error and have
   * changed nothing. When it is known, the engine calls `onFailure` of each of them, the one that was started last first, for
   * the caller to take back what it has changed meanwhile; only then do reads of their results reject with the error. From there
   * on the engine runs programs as before.
   */
  run(
    elements: readonly Storage[],
    destinations: readonly Destination[],
    onFailure?: (error: Error) => void,
  ): Storage[];
}

/** What differs between engines and matters to whoever builds graphs. */
export interface Capabilities {
  /**
   * The element types that it holds and computes. A graph that contains another one is refused by `prepare`; an array of
   * another type may still be stored in ordinary memory.
   */
  readonly dtypes: readonly DType[];
  /** Whether `run` throws what goes wrong, and every storage it returns can be read at once. */
  readonly synchronous: boolean;
}

/** HOW a graph is computed. An engine knows primitives; it knows nothing of gradients. */
export interface Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
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
