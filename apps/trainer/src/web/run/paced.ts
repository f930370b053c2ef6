/** What a run of a lesson does, as far as its pace is concerned. */
export interface Steps {
  /** Makes one step, for instance a try. */
  step(): Promise<void>;
  /** Whether the run has steps left. */
  isOpen(): boolean;
  /** Tells the page what is new. */
  report(): void;
}

/** For how long steps are made before messages are heard again, in milliseconds. */
const slice = 30;

/** Makes the steps of a run at a pace, in a worker, and hears messages in between. */
export class PacedRun {
  readonly #steps: Steps;
  #pace = 0;
  #isGoing = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /** How many steps a second: 0 pauses the run, Infinity lets it go as fast as it can. */
  setPace(pace: number): void {
    this.#pace = pace;
    void this.#go();
  }

  /** Makes one step, also of a paused run. */
  async step(): Promise<void> {
    await this.#exclusively(() => this.#steps.step());
    this.#steps.report();
  }

  /** Does something between two steps, for instance saves the run. */
  between<Result>(act: () => Promise<Result>): Promise<Result> {
    return this.#exclusively(act);
  }

  #exclusively<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = this.#queue.then(act);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #go(): Promise<void> {
    if (this.#isGoing) return;
    this.#isGoing = true;
    try {
      while (this.#pace > 0 && this.#steps.isOpen()) {
        await pause(this.#pace === Infinity ? 0 : 1000 / this.#pace);
        const until = performance.now() + slice;
        do await this.#exclusively(() => this.#steps.step());
        while (this.#pace === Infinity && this.#steps.isOpen() && performance.now() < until);
        this.#steps.report();
      }
    } finally {
      this.#isGoing = false;
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
