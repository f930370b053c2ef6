import { encodeSafetensors } from "@stargrad/io";
import { proveIt, type Proof } from "@stargrad/explain";
import { StargradError } from "@stargrad/tensor";

import { sceneOf, type LinkName, type PlayScene } from "./scene.js";
import { mostTries, portion, type PlaySettings } from "./settings.js";
import { hexOf, PlayTraining, type PlayState, type Score } from "./training.js";

// Runs of the playground that can be looked at while they go on: any try again, computed from a state that was recorded.

/** So many tries share a recorded state; those after it are computed again from there. */
const every = 16;

/** Why a run cannot go on. */
export interface Failure {
  readonly sentence: string;
}

/** One run of the playground. Tries are counted from 1. */
export class PlayRun {
  readonly settings: PlaySettings;
  /** The scores of each try so far. */
  readonly scores: Score[] = [];
  /** The number of the first try: 1, or that of the try from which the run was forked. */
  readonly first: number;
  /** The number of the try after which the run pauses. */
  until: number;
  readonly #training: PlayTraining;
  /** A second network, which repeats tries while the first one goes on. */
  readonly #lens: PlayTraining;
  readonly #states: PlayState[] = [];
  /** The bytes of all weights at the beginning of each try. */
  readonly #weights: Float32Array[] = [];
  #failure: Failure | null = null;

  private constructor(settings: PlaySettings, first: number) {
    this.settings = settings;
    this.#training = new PlayTraining(settings);
    this.#lens = new PlayTraining(settings);
    this.first = first;
    this.until = first - 1 + portion;
  }

  /** Begins a run; or a fork, with the weights of a try of another run, whose layers must be the same. */
  static async begin(
    settings: PlaySettings,
    from?: { readonly run: PlayRun; readonly try: number },
  ): Promise<PlayRun> {
    const run = new PlayRun(settings, from?.try ?? 1);
    if (from !== undefined) {
      // What an optimizer remembers belongs to the settings that the fork leaves.
      const { model } = await from.run.#stateOf(from.try);
      run.#training.network.sequence.loadStateDict(model);
    }
    return run;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  get isOpen(): boolean {
    return this.#failure === null && this.last < this.until;
  }

  /** The number of the last try so far; before the first one, the number before it. */
  get last(): number {
    return this.first + this.scores.length - 1;
  }

  /** Lets the run go on. */
  goOn(by = portion): void {
    this.until = Math.min(this.first - 1 + mostTries, this.last + by);
  }

  /** Makes the next try. */
  async step(): Promise<void> {
    if (this.#failure !== null || this.scores.length >= mostTries) return;
    try {
      const weights = await this.#training.weights();
      const state = this.scores.length % every === 0 ? [this.#training.state()] : [];
      const score = await this.#training.advance(this.last + 1);
      this.#states.push(...state);
      this.#weights.push(weights);
      this.scores.push(score);
    } catch (error) {
      if (!(error instanceof StargradError)) throw error;
      this.#failure = { sentence: sentenceOf(error) };
    }
  }

  /** The numbers of a try, computed again from the state in which it began, with the way of one point through the network. */
  async look(number: number, point: number | null = null): Promise<PlayScene> {
    return sceneOf(this.#lens, await this.#stateOf(number), { number, settings: this.settings, point });
  }

  /** Measures the slope of a link by two more attempts. */
  async prove(number: number, { layer, neuron, from }: LinkName): Promise<Proof> {
    this.#lens.restore(await this.#stateOf(number));
    const { weight, bias } = this.#lens.network.blocks[layer];
    const options = { loss: this.#lens.loss, wiggle: 0.01 };
    return from < 0 ? proveIt(bias, [neuron], options) : proveIt(weight, [neuron, from], options);
  }

  /** The bytes of the weights with which a try began, as they were recorded. */
  recorded(number: number): string {
    return hexOf(this.#weights[this.#indexOf(number)]);
  }

  /** The network of a try as a file. */
  async safetensors(number: number): Promise<Uint8Array<ArrayBuffer>> {
    const { model } = await this.#stateOf(number);
    const metadata = new Map([
      ["settings", JSON.stringify(this.settings)],
      ["try", `${number}`],
    ]);
    return Uint8Array.from(await encodeSafetensors(model, metadata));
  }

  /** The state in which a try began: the last recorded one before it, and the updates since. */
  async #stateOf(number: number): Promise<PlayState> {
    const index = this.#indexOf(number);
    const state = this.#states[Math.floor(index / every)];
    if (index % every === 0) return state;
    this.#lens.restore(state);
    for (let i = 0; i < index % every; i++) this.#lens.repeat();
    return Promise.resolve(this.#lens.state());
  }

  #indexOf(number: number): number {
    const index = number - this.first;
    if (index >= 0 && index < this.scores.length && Number.isInteger(index)) return index;
    throw new StargradError("playground", `got try ${number}; expected ${this.first} to ${this.last}`);
  }
}

/** The message without the name of what was called. */
function sentenceOf({ message, called }: StargradError): string {
  const sentence = message.slice(called.length + 2);
  return `${sentence[0].toUpperCase()}${sentence.slice(1)}.`;
}
