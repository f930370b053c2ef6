import type { DType } from "./dtype.js";
import type { Node } from "./node.js";
import type { Storage } from "./storage.js";

/**
 * Where a program stores a result.
 *
 * - `"host"`: in host memory. The engine never overwrites it. An engine whose memory cannot be read synchronously may keep the
 *   result in its memory until it is read, and free it when the storage has been garbage-collected.
 * - `"engine"`: in new memory of the engine, which the caller owns, overwrites and disposes of. Each output gets its own memory, also
 *   if the output is a leaf or is requested twice. An engine without memory of its own uses host memory.
 * - a storage with the location `"engine"`, of the size and element type of the result: in the memory of this storage, whose
 *   contents are not needed after the program. If the storage belongs to this engine, `run` returns the same object. If it belongs
 *   to another engine, because `setEngine` was called since, `run` treats the destination as `"engine"`: it returns a new storage
 *   and leaves the given one as it is. The caller disposes of a destination that was not returned, so a new storage must not refer
 *   to its memory.
 *
 * A storage may be an element and a destination in one call, for different outputs and in any order of reading: results are as if
 * all elements were read before any destination is written.
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
   * Elements may belong to another engine, or be results of earlier programs that have not arrived yet. An asynchronous engine
   * awaits `read()` of elements of another engine whose `canReadSync` is false. A synchronous engine calls `readSync`, whose error
   * (`unreadable`) it passes on. Elements that are disposed of after `run` has returned are still read by this program.
   *
   * A program fails if an index is outside its axis, if an integer is divided by 0 or raised to a negative power, or if a `check`
   * in it finds a nonzero code. A failed program leaves every existing storage unchanged, including its destinations.
   *
   * A synchronous engine throws the error. An asynchronous engine may return earlier. If the program fails later, it and all
   * programs that were started after it until the failure became known fail with that error and change nothing. The engine then
   * calls `onFailure` of each of them, in reverse order of their start, so that the caller can undo what it has changed meanwhile.
   * After these calls, reads of their results reject with the error, and the engine runs new programs as before. Reads that were
   * started before the failed program, and of storages that it did not write, are not affected.
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
  /**
   * In which way this machine rounds, if the engine's last bits differ between machines, such as "fused". Checkpoints name it, so that a
   * run that goes on elsewhere is told.
   */
  readonly arithmetic?: string;
}

/**
 * Computes graphs. An engine implements primitives; it does not know gradients. `conformanceCases` and `engineChecks` test it;
 * docs/engines.md describes how to write one.
 */
export interface Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  /**
   * Compiles the outputs to one program. The program owns the memory of its intermediate results. It copies the operations that it
   * needs from the nodes: a node loses its operation when it is materialized, and the program may run again after that.
   *
   * Throws: DTypeError if a node has an element type that the engine does not support
   */
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
