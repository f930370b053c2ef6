import { Placeholder, type Node, type Shape } from "@stargrad/graph";
import type { RandomStream } from "./random-stream.js";
import { whileRecording } from "./recording-state.js";

/** Random words that the body of a loop asks for: where they start, in each iteration. */
export interface LoopDraw {
  /** Stands in the body for the starts: a row of 4 for each. */
  readonly formal: Node;
  /** The starts, counted in blocks from where the generator is when the iteration begins. */
  readonly offsets: readonly number[];
}

/** What one iteration takes from one generator. */
export interface LoopDraws {
  readonly blocks: number;
  readonly draws: readonly LoopDraw[];
}

/**
 * A loop whose function is being called. Its draws take nothing from a generator yet: how many blocks an iteration takes,
 * and so where the next one begins, is known only when the function has returned.
 */
export class TracedLoop {
  /** How often the body runs, in all the loops around it together. */
  readonly iterations: number;
  readonly #draws = new Map<RandomStream, { blocks: number; readonly draws: LoopDraw[] }>();

  constructor(length: number) {
    this.iterations = length * (current?.iterations ?? 1);
  }

  get draws(): ReadonlyMap<RandomStream, LoopDraws> {
    return this.#draws;
  }

  /** Takes blocks in every iteration; returns what stands for the starts at offsets among them. */
  draw(generator: RandomStream, blocks: number, offsets: readonly number[], shape: Shape): Node {
    const taken = this.#draws.get(generator) ?? { blocks: 0, draws: [] };
    this.#draws.set(generator, taken);
    const formal = new Placeholder({ shape, dtype: "int32" });
    taken.draws.push({ formal, offsets: offsets.map((offset) => taken.blocks + offset) });
    taken.blocks += blocks;
    return formal;
  }
}

let current: TracedLoop | null = null;

/** The innermost loop whose function is being called. */
export function loopBeingTraced(): TracedLoop | null {
  return current;
}

/** Calls the function of a loop. */
export function traceLoop<T>(loop: TracedLoop, f: () => T): T {
  const outer = current;
  current = loop;
  try {
    return whileRecording("traced", f);
  } finally {
    current = outer;
  }
}
