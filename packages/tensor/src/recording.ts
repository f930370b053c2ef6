import { type Node } from "@stargrad/graph";
import { nodesMade, withoutHistory } from "@stargrad/graph/internal";
import type { GeneratorState, RandomStream } from "./random-stream.js";
import { whileRecording } from "./recording-state.js";

/** One draw of random words by a recorded function, with the leaf that holds its start: see the primitive `randomBits`. */
export interface Draw {
  readonly generator: RandomStream;
  /** The number of blocks reserved by this draw. */
  readonly blocks: number;
  /** The starts in the leaf, as offsets into the reserved blocks: `[0]` for a single draw, several for the draws of a loop. */
  readonly offsets: readonly number[];
  /** The leaf: see `Generator.reserve`. */
  readonly start: Node;
}

/** The draws of the function that is being recorded; `null` if none is. */
let draws: Draw[] | null = null;
let states: Map<RandomStream, GeneratorState> = new Map();

/** Runs a function and notes the state it reads besides tensors. `unchanged` returns whether that state is the same now. */
export type ReadingNoter = <T>(f: () => T) => { readonly result: T; readonly unchanged: () => boolean };

let noteReadings: ReadingNoter = (f) => ({ result: f(), unchanged: () => true });

/** Registers how non-tensor state is noted. Called by the package that owns such state: the one with modules. */
export function noteReadingsBy(noter: ReadingNoter): void {
  noteReadings = noter;
}

/** The outcome of recording a function. */
export interface Recorded<T> {
  readonly result: T;
  readonly draws: readonly Draw[];
  /** The serial of its first node. Nodes with smaller serials existed before the recording. */
  readonly since: number;
  /** Whether the non-tensor state that it read is unchanged. If not, the recording is out of date. */
  readonly unchanged: () => boolean;
}

/**
 * Runs a function to record its graph, so that the graph can be computed many times with other inputs. While the function
 * runs, no value can be read and `realize` does nothing. Afterwards the generators are restored to their earlier states.
 *
 * Throws: ArgumentError if the function reads a value, or draws a number that is not a tensor: the graph would contain the
 * value of this one call as a constant
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

/** Must be called before each draw. Returns a function that must be called with the leaf that the draw makes. */
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
