import { Placeholder, type Node, type Shape } from "@stargrad/graph";
import { shared } from "@stargrad/graph/internal";
import type { RandomStream } from "./random-stream.js";
import { whileRecording } from "./recording-state.js";

/** A draw of random words in the body of a loop. */
export interface LoopDraw {
  /** The placeholder for the starts in the body: one row of 4 for each. */
  readonly formal: Node;
  /** The starts, in blocks, relative to the generator's state when the iteration begins. */
  readonly offsets: readonly number[];
}

/** The draws of one iteration from one generator. */
export interface LoopDraws {
  readonly blocks: number;
  readonly draws: readonly LoopDraw[];
}

/** The innermost loop whose function is being traced. */
const innermost = /* @__PURE__ */ shared("tracedLoop", () => ({ loop: null as TracedLoop | null }));

/**
 * A loop whose function is being traced. Its draws do not advance the generator yet: the number of blocks per iteration, and so
 * the start of the next iteration, is known only when the function has returned.
 */
export class TracedLoop {
  /** The number of times the body runs, over all enclosing loops. */
  readonly iterations: number;
  readonly #draws = new Map<RandomStream, { blocks: number; readonly draws: LoopDraw[] }>();

  constructor(length: number) {
    this.iterations = length * (innermost.loop?.iterations ?? 1);
  }

  get draws(): ReadonlyMap<RandomStream, LoopDraws> {
    return this.#draws;
  }

  /** Reserves blocks in every iteration; returns the placeholder for the starts at the given offsets. */
  draw(generator: RandomStream, blocks: number, offsets: readonly number[], shape: Shape): Node {
    const taken = this.#draws.get(generator) ?? { blocks: 0, draws: [] };
    this.#draws.set(generator, taken);
    const formal = new Placeholder({ shape, dtype: "int32" });
    taken.draws.push({ formal, offsets: offsets.map((offset) => taken.blocks + offset) });
    taken.blocks += blocks;
    return formal;
  }
}

/** The innermost loop whose function is being traced; `null` outside of loops. */
export function loopBeingTraced(): TracedLoop | null {
  return innermost.loop;
}

/** Calls the function of a loop to trace it. */
export function traceLoop<T>(loop: TracedLoop, f: () => T): T {
  const outer = innermost.loop;
  innermost.loop = loop;
  try {
    return whileRecording("traced", f);
  } finally {
    innermost.loop = outer;
  }
}
