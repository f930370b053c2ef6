import { ArgumentError, nodesMade, withoutHistory, type Node } from "@stargrad/graph";
import type { Generator, GeneratorState } from "./generator.js";
import { loopBeingTraced } from "./loop-draws.js";

/** Random words that a recorded function has asked for, and the leaf that says which: see the primitive `randomBits`. */
export interface Draw {
  readonly generator: Generator;
  /** How many blocks are reserved, all at once. */
  readonly blocks: number;
  /** Where among them those begin that the leaf names: for one draw at 0, for those of a loop at several places. */
  readonly offsets: readonly number[];
  /** The leaf: see `Generator.reserve`. */
  readonly start: Node;
}

/** What is being recorded; `null` most of the time. */
let draws: Draw[] | null = null;
let states: Map<Generator, GeneratorState> = new Map();

/** Whether a function is being recorded, or traced for a loop: then nothing is computed, and no value is known. */
export function isRecording(): boolean {
  return draws !== null || loopBeingTraced() !== null;
}

/** Runs a function and notes what it goes by besides tensors. `unchanged` says whether all that is still as it was. */
export type ReadingNoter = <T>(f: () => T) => { readonly result: T; readonly unchanged: () => boolean };

let noteReadings: ReadingNoter = (f) => ({ result: f(), unchanged: () => true });

/** Says how it is noted what a recorded function goes by, for the package whose objects it goes by: modules. */
export function noteReadingsBy(noter: ReadingNoter): void {
  noteReadings = noter;
}

/** What a function did while it was recorded. */
export interface Recorded<T> {
  readonly result: T;
  readonly draws: readonly Draw[];
  /** The serial of its first node: what has a smaller one was there before. */
  readonly since: number;
  /** Whether what it went by besides tensors is as it was: if not, it would not be recorded the same. */
  readonly unchanged: () => boolean;
}

/**
 * Runs a function to see what it would compute, so that it can be computed many times with other numbers. In it nothing
 * can be read, `realize` does nothing, and generators are afterwards where they were before.
 *
 * Throws: ArgumentError if the function reads a value, or draws a number that is not a tensor: the graph would be made of
 * what they were this once
 */
export function record<T>(f: () => T): Recorded<T> {
  const outer = { draws, states };
  const made: Draw[] = [];
  draws = made;
  states = new Map();
  try {
    return { since: nodesMade(), ...noteReadings(() => withoutHistory(f)), draws: made };
  } finally {
    for (const [generator, state] of states) generator.moveTo(state);
    ({ draws, states } = outer);
  }
}

/** Told of each draw before it happens. Returns what has to be told of the leaf it makes. */
export function aboutToDraw(
  generator: Generator,
  blocks: number,
  offsets: readonly number[],
): (start: Node) => void {
  if (draws === null) return () => undefined;
  if (!states.has(generator)) states.set(generator, generator.state());
  const made = draws;
  return (start) => {
    made.push({ generator, blocks, offsets, start });
  };
}

/** Throws while a function is recorded, or traced for a loop. */
export function expectNoRecording(called: string, does: string): void {
  if (loopBeingTraced() !== null) {
    throw new ArgumentError(
      called,
      `${does} inside of a function that scan loops over, which is called once for all iterations`,
      "Return the tensor as a part of y and read it afterwards, or take a plain loop instead of scan",
    );
  }
  if (draws === null) return;
  throw new ArgumentError(
    called,
    `${does} inside of a function that is recorded, which would be made of what it was this once`,
    "Return the tensor and read it afterwards, or run the function as it is, without jit or trainStep",
  );
}
