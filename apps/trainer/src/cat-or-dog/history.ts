import type { CatState } from "./training.js";

/** The most states that are kept: about 60 kB each. */
const most = 160;

/**
 * The states in which steps of a run began: of every tenth step at first. When there are too many, every other one is dropped, so that
 * a run takes no more memory, however long it is.
 */
export class History {
  #spacing = 10;
  readonly #first: number;
  #states = new Map<number, CatState>();

  /** `first`: the number of the first step. */
  constructor(first: number) {
    this.#first = first;
  }

  /** Whether the state of this step is to be kept. */
  wants(step: number): boolean {
    return (step - this.#first) % this.#spacing === 0;
  }

  keep(step: number, state: CatState): void {
    this.#states.set(step, state);
    if (this.#states.size <= most) return;
    this.#spacing *= 2;
    this.#states = new Map([...this.#states].filter(([kept]) => this.wants(kept)));
  }

  /** The last state that was kept at a step or before it. */
  before(step: number): { readonly step: number; readonly state: CatState } {
    const near = Math.max(...[...this.#states.keys()].filter((kept) => kept <= step));
    const state = this.#states.get(near);
    if (state === undefined) throw new Error(`There is no state before step ${step}`);
    return { step: near, state };
  }

  get size(): number {
    return this.#states.size;
  }
}
