import { StargradError } from "@stargrad/tensor";

// Runs of a lesson that can be looked at while they go on: any try again, from the state in which it began.

/** How a run ended: with a perfect try, or with a sentence that says why not. */
export type End = { readonly kind: "perfect" } | { readonly kind: "failed"; readonly sentence: string };

/** Something that learns, one update after the other, from any state that it has been in. */
export interface Trainee<State extends { readonly model: unknown }, Attempt> {
  /** Throws: StargradError if the training has diverged; `number` is the number of the try. */
  attempt(number: number): Promise<Attempt>;
  isGood(attempt: Attempt): boolean;
  update(): void;
  state(): State;
  restore(state: State): void;
  /** Takes over the knobs of a state, at rest: what momentum carries on stays behind. */
  adopt(state: State): void;
}

/** The kind of a run: who learns, and for how long at most. */
export interface RunKind<Settings, Learner> {
  readonly learner: (settings: Settings) => Learner;
  readonly most: number;
  /** What to say after so many tries. */
  readonly outOfTries: string;
}

/** One run. Tries are counted from 1. */
export class TryRun<
  Settings,
  State extends { readonly model: unknown },
  Attempt extends { readonly mistake: number },
  Learner extends Trainee<State, Attempt>,
> {
  readonly settings: Settings;
  /** The mistake of each try so far. */
  readonly mistakes: number[] = [];
  /** The number of the first try: 1, or that of the try from which the run was forked. */
  readonly first: number;
  readonly #kind: RunKind<Settings, Learner>;
  readonly #learner: Learner;
  /** A second learner, which repeats tries while the first one goes on. */
  readonly #lens: Learner;
  readonly #states: State[] = [];
  #end: End | null = null;
  #stepping = Promise.resolve();

  constructor(
    settings: Settings,
    kind: RunKind<Settings, Learner>,
    from?: { readonly run: TryRun<Settings, State, Attempt, Learner>; readonly try: number },
  ) {
    this.settings = settings;
    this.#kind = kind;
    this.#learner = kind.learner(settings);
    this.#lens = kind.learner(settings);
    this.first = from?.try ?? 1;
    if (from !== undefined) this.#learner.adopt(from.run.#stateOf(from.try));
  }

  get end(): End | null {
    return this.#end;
  }

  /** The number of the last try so far; before the first one, the number before it. */
  get last(): number {
    return this.first + this.mistakes.length - 1;
  }

  /** Makes the next try, unless the run has ended. Calls wait for each other. */
  step(): Promise<void> {
    return (this.#stepping = this.#stepping.then(() => this.#makeTry()));
  }

  async #makeTry(): Promise<void> {
    if (this.#end !== null) return;
    const number = this.last + 1;
    const { most, outOfTries } = this.#kind;
    try {
      const state = this.#learner.state();
      const attempt = await this.#learner.attempt(number);
      this.#states.push(state);
      this.mistakes.push(attempt.mistake);
      if (this.#learner.isGood(attempt)) this.#end = { kind: "perfect" };
      else if (this.mistakes.length >= most) this.#end = { kind: "failed", sentence: outOfTries };
      else this.#learner.update();
    } catch (error) {
      if (!(error instanceof StargradError)) throw error;
      this.#end = { kind: "failed", sentence: sentenceOf(error) };
    }
  }

  /** The second learner, in the state in which a try began. */
  protected at(number: number): Learner {
    this.#lens.restore(this.#stateOf(number));
    return this.#lens;
  }

  #stateOf(number: number): State {
    const state = this.#states[number - this.first] as State | undefined;
    if (state !== undefined) return state;
    throw new StargradError("star", `got try ${number}; expected ${this.first} to ${this.last}`);
  }
}

/** The message without the name of what was called. */
function sentenceOf({ message, called }: StargradError): string {
  const sentence = message.slice(called.length + 2);
  return `${sentence[0].toUpperCase()}${sentence.slice(1)}.`;
}
