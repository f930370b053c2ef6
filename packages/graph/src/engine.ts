import type { DType } from "./dtype.js";
import type { Node } from "./node.js";
import type { Storage } from "./storage.js";

/**
 * Where a program stores a result: in host memory, in engine memory, or in an existing storage in engine memory whose contents
 * are not needed after the program. An engine without memory of its own uses host memory for all of them. An engine whose memory
 * cannot be read synchronously may keep a `"host"` result in its memory until it is read, as long as it never overwrites it and
 * frees it when the storage has been garbage-collected.
 */
export type Destination = "host" | "engine" | Storage;

/** A compiled graph, which can be computed any number of times. */
export interface PreparedProgram {
  /** The nodes whose elements it needs. */
  readonly leaves: readonly Node[];
  /** The approximate number of bytes it occupies, for caches of programs. */
  readonly cost?: number;
  /**
   * Computes the outputs from elements for each leaf, and returns a storage for each output.
   *
   * A program fails if an index is outside its axis, if an integer is divided by 0 or raised to a negative power, or if a `check`
   * in it finds a nonzero code. A failed program leaves every existing storage unchanged, including its destinations.
   *
   * A synchronous engine throws the error. An asynchronous engine may return earlier. If the program fails later, it and all
   * programs that were started after it until the failure became known fail with that error and change nothing. The engine then
   * calls `onFailure` of each of them, in reverse order of their start, so that the caller can undo what it has changed meanwhile.
   * After these calls, reads of their results reject with the error, and the engine runs new programs as before.
   */
  run(
    elements: readonly Storage[],
    destinations: readonly Destination[],
    onFailure?: (error: Error) => void,
  ): Storage[];
}

/** Properties of an engine that code which builds graphs has to know. */
export interface Capabilities {
  /**
   * The element types that the engine stores and computes. `prepare` throws if a graph contains another type; arrays of other
   * types may still be stored in host memory.
   */
  readonly dtypes: readonly DType[];
  /** Whether `run` throws all errors itself, and every storage that it returns can be read synchronously. */
  readonly synchronous: boolean;
}

/** Computes graphs. An engine implements primitives; it does not know gradients. */
export interface Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Compiles the outputs to one program. The program owns the memory of its intermediate results. */
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
