import { StargradError } from "@stargrad/tensor";

import {
  fingerprint,
  pathOf,
  proofOf,
  sceneOf,
  wiggled,
  type KnobProof,
  type Path,
  type Scene,
} from "./scene.js";
import { PenTraining, worstOf, type Attempt, type PenSettings, type PenState } from "./training.js";
import { tolerance } from "./sizes.js";

// Runs of the pen that can be looked at while they go on: any try again, from the state in which it began.

/** How a run ended: with a perfect try, or with a sentence that says why not. */
export type End = { readonly kind: "perfect" } | { readonly kind: "failed"; readonly sentence: string };

/** The most tries of a run. */
export const mostTries = 1000;

/** One run of the pen. Tries are counted from 1. */
export class PenRun {
  readonly settings: PenSettings;
  /** The mistake of each try so far. */
  readonly mistakes: number[] = [];
  /** The number of the first try: 1, or that of the try from which the run was forked. */
  readonly first: number;
  readonly #training: PenTraining;
  /** A second pen, which repeats tries while the first one goes on. */
  readonly #lens: PenTraining;
  readonly #states: PenState[] = [];
  #end: End | null = null;
  #stepping = Promise.resolve();

  constructor(settings: PenSettings, from?: { readonly run: PenRun; readonly try: number }) {
    this.settings = settings;
    this.#training = new PenTraining(settings);
    this.#lens = new PenTraining(settings);
    this.first = from?.try ?? 1;
    // A fork begins with the knobs of that try, at rest: what momentum carries belongs to the settings it leaves.
    if (from !== undefined) this.#training.pen.loadStateDict(from.run.#stateOf(from.try).model);
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
    try {
      const state = this.#training.state();
      const attempt = await this.#training.attempt(number);
      this.#states.push(state);
      this.mistakes.push(attempt.mistake);
      if (worstOf(attempt) <= tolerance) this.#end = { kind: "perfect" };
      else if (this.mistakes.length >= mostTries) this.#end = outOfTries;
      else this.#training.update();
    } catch (error) {
      if (!(error instanceof StargradError)) throw error;
      this.#end = { kind: "failed", sentence: sentenceOf(error) };
    }
  }

  /** The numbers of a try, computed again from the state in which it began. */
  async look(number: number): Promise<Scene> {
    const { learningRate, momentum } = this.settings;
    return sceneOf(this.#lens, this.#stateOf(number), { number, learningRate, momentum });
  }

  async path(number: number): Promise<Path> {
    const scene = await this.look(number);
    this.#lens.restore(this.#stateOf(number));
    return pathOf(this.#lens, scene);
  }

  /** Measures the slope of some knobs, each by two more attempts. */
  async prove(number: number, ids: readonly string[]): Promise<KnobProof[]> {
    const { knobs } = await this.look(number);
    this.#lens.restore(this.#stateOf(number));
    const proofs: KnobProof[] = [];
    for (const knob of knobs) if (ids.includes(knob.id)) proofs.push(await proofOf(this.#lens, knob));
    return proofs;
  }

  async wiggle(number: number, id: string, by: number): Promise<Attempt> {
    this.#lens.restore(this.#stateOf(number));
    return wiggled(this.#lens, id, by);
  }

  /** The bytes of the knobs with which a try began, as they were recorded. */
  async recorded(number: number): Promise<string> {
    this.#lens.restore(this.#stateOf(number));
    return fingerprint(this.#lens);
  }

  #stateOf(number: number): PenState {
    const state = this.#states[number - this.first] as PenState | undefined;
    if (state !== undefined) return state;
    throw new StargradError("star", `got try ${number}; expected ${this.first} to ${this.last}`);
  }
}

const outOfTries: End = {
  kind: "failed",
  sentence: `The star is not perfect after ${mostTries} tries. Try a larger learning rate, or momentum 0.9.`,
};

/** The message without the name of what was called. */
function sentenceOf({ message, called }: StargradError): string {
  const sentence = message.slice(called.length + 2);
  return `${sentence[0].toUpperCase()}${sentence.slice(1)}.`;
}
