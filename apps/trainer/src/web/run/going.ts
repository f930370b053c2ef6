import type { PacedRun } from "./paced.js";
import type { Answers } from "./protocol.js";

/** What a page asks about the pace of a run, in every lesson. `run` is a number that the page chooses. */
export type PaceQuestions = {
  /** How many steps a second a run makes: 0 pauses it, Infinity lets it go as fast as it can. */
  pace: { ask: { readonly run: number; readonly pace: number }; answer: null };
  /** Makes one more step of a paused run. */
  step: { ask: { readonly run: number }; answer: null };
  close: { ask: { readonly run: number }; answer: null };
};

/** A run in a worker, and its pace. */
export interface Going<Run> {
  readonly run: Run;
  readonly paced: PacedRun;
}

/** The runs of a worker, by the numbers that its page gives them. */
export class GoingRuns<Run, One extends Going<Run> = Going<Run>> {
  readonly #runs = new Map<number, One>();

  add(id: number, going: One): One {
    this.#runs.set(id, going);
    return going;
  }

  /** Throws: Error if there is no such run */
  find(id: number): One {
    const going = this.#runs.get(id);
    if (going === undefined) throw new Error(`There is no run ${id}`);
    return going;
  }

  has(id: number): boolean {
    return this.#runs.has(id);
  }

  /** The number of the run that was opened last. */
  get newest(): number | undefined {
    return [...this.#runs.keys()].at(-1);
  }

  /** Lets all runs stand still. */
  rest(): void {
    for (const { paced } of this.#runs.values()) paced.setPace(0);
  }

  close(id: number): void {
    this.find(id).paced.setPace(0);
    this.#runs.delete(id);
  }

  closeAll(): void {
    this.rest();
    this.#runs.clear();
  }

  /** The answers to the questions of every lesson. */
  readonly answers: Answers<PaceQuestions> = {
    pace: ({ run, pace }) => {
      this.find(run).paced.setPace(pace);
      return null;
    },
    step: async ({ run }) => {
      await this.find(run).paced.step();
      return null;
    },
    close: ({ run }) => {
      this.close(run);
      return null;
    },
  };
}
