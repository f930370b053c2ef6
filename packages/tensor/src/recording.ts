import { type Node } from "@stargrad/graph";
import { nodesMade, withoutHistory } from "@stargrad/graph/internal";
import type { GeneratorState, RandomStream } from "./random-stream.js";
import { whileRecording } from "./recording-state.js";

/** Random words that a recorded function has asked for, and the leaf that says which: see the primitive `randomBits`. */
export interface Draw {
  readonly generator: RandomStream;
  /** How many blocks are reserved, all at once. */
  readonly blocks: number;
  /** Where among them those begin that the leaf names: for one draw at 0, for those of a loop at several places. */
  readonly offsets: readonly number[];
  /** The leaf: see `Generator.reserve`. */
  readonly start: Node;
}

/** What is being recorded; `null` most of the time. */
let draws: Draw[] | null = null;
let states: Map<RandomStream, GeneratorState> = new Map();

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
    const since = nodesMade();
    const recorded = noteReadings(() => whileRecording("recorded", () => withoutHistory(f)));
    return { since, ...recorded, draws: made };
  } finally {
    for (const [generator, state] of states) generator.moveTo(state);
    ({ draws, states } = outer);
  }
}

/** Told of each draw before it happens. Returns what has to be told of the leaf it makes. */
export function aboutToDraw(
  generator: RandomStream,
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
