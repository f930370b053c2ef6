import { type Node } from "@stargrad/graph";
import { nodesMade, shared, withoutHistory } from "@stargrad/graph/internal";
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

/** Runs a function and notes the state it reads besides tensors. `unchanged` returns whether that state is the same now. */
export type ReadingNoter = <T>(f: () => T) => { readonly result: T; readonly unchanged: () => boolean };

const state = /* @__PURE__ */ shared<State>("draws", () => ({
  draws: null,
  generators: new Map(),
  noteReadings: (f) => ({ result: f(), unchanged: () => true }),
}));

interface State {
  /** The draws of the function that is being recorded; `null` if none is. */
  draws: Draw[] | null;
  /** The states of its generators before it was called. */
  generators: Map<RandomStream, GeneratorState>;
  noteReadings: ReadingNoter;
}

/** Registers how non-tensor state is noted. Called by the package that owns such state: the one with modules. */
export function noteReadingsBy(noter: ReadingNoter): void {
  state.noteReadings = noter;
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
  const outer = { draws: state.draws, generators: state.generators };
  const draws: Draw[] = [];
  Object.assign(state, { draws, generators: new Map() });
  try {
    const since = nodesMade();
    const recorded = state.noteReadings(() => whileRecording("recorded", () => withoutHistory(f)));
    return { since, ...recorded, draws };
  } finally {
    for (const [generator, before] of state.generators) generator.moveTo(before);
    Object.assign(state, outer);
  }
}

/** Must be called before each draw. Returns a function that must be called with the leaf that the draw makes. */
export function aboutToDraw(
  generator: RandomStream,
  blocks: number,
  offsets: readonly number[],
): (start: Node) => void {
  const { draws, generators } = state;
  if (draws === null) return () => undefined;
  if (!generators.has(generator)) generators.set(generator, generator.state());
  return (start) => {
    draws.push({ generator, blocks, offsets, start });
  };
}
