import { evaluate, type Json } from "@stargrad/train";
import { Generator, StargradError } from "@stargrad/tensor";

import { nextCharacterLoss } from "../character-transformer.js";
import { generate } from "../generate.js";
import { validationPassages, type Passages } from "../passages.js";
import { sampleAfter } from "../sample.js";
import {
  accountOf,
  letterOf,
  proofOf,
  wiggledOf,
  type Wiggled,
  sceneOf,
  type Account,
  type Letter,
  type LetterProof,
  type PassageKind,
  type Scene,
} from "./scene.js";
import { every, sizes, type LiveSettings } from "./sizes.js";
import { fingerprintOf, readSaved, TextTraining, type TextState } from "./training.js";

// Runs of the transformer that can be looked at while they go on: any step again, from the last recorded state before it.

export type End = { readonly kind: "done" } | { readonly kind: "failed"; readonly sentence: string };

/** The state of a run before a step: the surprise of the text that it has never seen, and a sample of its writing. */
export interface Report {
  /** How many steps were made. */
  readonly steps: number;
  /** In nats per character. */
  readonly heldOut: number;
  readonly sample: string;
  /** How many words the sample has, without the first and the last, which may be cut; and how many of them are in the text. */
  readonly words: number;
  readonly known: number;
  /** How long the training has taken until then, in seconds. */
  readonly seconds: number;
}

/** What must be known to look at a letter of a passage of a step. */
export interface LetterAt {
  readonly try: number;
  readonly kind: PassageKind;
  /** Its place in the passage, from 1; the letter at 0 is not guessed. */
  readonly at: number;
}

export interface Wish {
  readonly prompt: string;
  readonly temperature: number;
  readonly length: number;
}

/** A recorded state is kept before every so many steps. In between, steps are made again. */
const kept = 25;

/** Of these states, so many are saved with the run: steps in between can be made again after it is resumed, and do not take long. */
const savedEvery = 250;

/** The length of a sample. The first one is shorter, to be there sooner: nobody needs more of it. */
const sampleLength = 160;
const firstLength = 64;

export class TextRun {
  readonly passages: Passages;
  readonly settings: LiveSettings;
  /** The loss of each step so far, before its update. */
  readonly losses: number[] = [];
  readonly reports: Report[] = [];
  readonly #words: ReadonlySet<string>;
  readonly #training: TextTraining;
  /** A second model, which repeats steps while the first one goes on, and the number of the step that it would make next. */
  readonly #lens: TextTraining;
  #lensAt = NaN;
  /** The state before the step that was looked at last. */
  #looked: { readonly number: number; readonly state: TextState } | null = null;
  readonly #states = new Map<number, TextState>();
  #first: number;
  #end: End | null = null;
  #seconds = 0;
  #fork: { readonly run: TextRun; readonly try: number } | null;

  constructor(
    passages: Passages,
    settings: LiveSettings,
    from?: { readonly run: TextRun; readonly try: number },
  ) {
    this.passages = passages;
    this.settings = settings;
    this.#training = new TextTraining(passages, settings);
    this.#lens = new TextTraining(passages, settings);
    this.#words = new Set(wordsIn(passages.vocabulary.decode(passages.training)));
    this.#first = from?.try ?? 1;
    this.#fork = from ?? null;
  }

  /** The number of weights of the model. */
  get knobs(): number {
    return this.#training.model.parameters().reduce((sum, { size }) => sum + size, 0);
  }

  get end(): End | null {
    return this.#end;
  }

  /** The number of the first step: 1, or that from which the run was forked. */
  get first(): number {
    return this.#first;
  }

  /** The number of the last step so far. */
  get last(): number {
    return this.first + this.losses.length - 1;
  }

  /** Makes the next step. Before the first one, and after every 50, the run is measured and writes a sample. */
  async step(): Promise<void> {
    if (this.#end !== null) return;
    const started = performance.now();
    try {
      const number = this.last + 1;
      if (this.losses.length === 0) await this.#begin();
      else if ((number - this.first) % kept === 0) this.#states.set(number, await this.#training.state());
      this.losses.push(await this.#training.update(number));
      const isLast = number === this.settings.steps;
      if (isLast || number % every === 0) await this.#report(number, started);
      if (isLast) this.#end = { kind: "done" };
    } catch (error) {
      if (!(error instanceof StargradError)) throw error;
      this.#end = { kind: "failed", sentence: sentenceOf(error) };
    } finally {
      this.#seconds += (performance.now() - started) / 1000;
    }
  }

  async #begin(): Promise<void> {
    if (this.#fork !== null) {
      const { run, try: number } = this.#fork;
      this.#fork = null;
      this.#training.restore(await run.#stateAt(number));
    }
    this.#states.set(this.first, await this.#training.state());
  }

  /** The run as bytes, from which `resumed` goes on. `text` is kept with it, to be read again. */
  async save(text: Json): Promise<Uint8Array> {
    const { settings, first, losses, reports } = this;
    const newest = Math.max(...this.#states.keys());
    const earlier = [...this.#states].filter(
      ([number]) => number === newest || (number - first) % savedEvery === 0,
    );
    return this.#training.save(new Map(earlier), {
      lesson: "text page",
      settings: { ...settings },
      first,
      losses,
      reports: reports.map((report) => ({ ...report })),
      seconds: this.#seconds,
      text,
    });
  }

  /** The run of such bytes, and the text that was kept. Steps before the saved one are made again when they are asked for. */
  static async resumed(
    bytes: Uint8Array,
    read: (text: Json) => Passages,
  ): Promise<{ readonly run: TextRun; readonly text: Json }> {
    const { state, earlier, metadata } = await readSaved(bytes);
    // Written by `save`, and sealed by the checkpoint.
    const saved = metadata as unknown as {
      readonly settings: LiveSettings;
      readonly first: number;
      readonly losses: readonly number[];
      readonly reports: readonly Report[];
      readonly seconds: number;
      readonly text: Json;
    };
    const run = new TextRun(read(saved.text), saved.settings);
    run.#first = saved.first;
    run.losses.push(...saved.losses);
    run.reports.push(...saved.reports);
    run.#seconds = saved.seconds;
    for (const [number, one] of earlier) run.#states.set(number, one);
    run.#states.set(run.last + 1, state);
    run.#training.restore(state);
    if (run.last >= saved.settings.steps) run.#end = { kind: "done" };
    return { run, text: saved.text };
  }

  /** Measures the run before its first step, so that there is something to read at once. */
  async open(): Promise<void> {
    if (this.reports.length > 0 || this.losses.length > 0) return;
    await this.#begin();
    await this.#report(this.first - 1, performance.now());
  }

  async #report(steps: number, started: number): Promise<void> {
    const { model } = this.#training;
    const { vocabulary, training } = this.passages;
    const validation = validationPassages(this.passages, sizes.context);
    const { loss: heldOut } = await evaluate(model, validation, { loss: nextCharacterLoss });
    const start = vocabulary.encode(startOf(vocabulary.characters, training));
    const options = {
      vocabulary,
      prompt: start,
      temperature: 0.7,
      seed: this.settings.seed,
      length: this.losses.length === 0 ? firstLength : sampleLength,
    };
    const sample = await sampleAfter(steps, model, options);
    const words = wordsIn(sample).slice(1, -1);
    const known = words.filter((word) => this.#words.has(word)).length;
    const seconds = this.#seconds + (performance.now() - started) / 1000;
    this.reports.push({ steps, heldOut, sample, words: words.length, known, seconds });
  }

  /** The numbers of a step before its update, computed again. */
  async look(number: number, kind: PassageKind): Promise<Scene> {
    await this.#lookAt(number);
    return sceneOf(this.#lens, this.passages, { number, kind });
  }

  /** What the update of a step promised and paid. Afterwards the lens is before the next step. */
  async account(number: number, kind: PassageKind): Promise<Account> {
    await this.#lookAt(number);
    const account = await accountOf(this.#lens, this.passages, { number, kind });
    this.#lensAt = number + 1;
    return { ...account, fingerprint: fingerprintOf(await this.#lens.state()) };
  }

  async letter({ try: number, kind, at }: LetterAt): Promise<Letter> {
    await this.#lookAt(number);
    return letterOf(this.#lens, this.passages, { number, kind, at });
  }

  /** Measures the slope of the most blamed number of the earlier letter that heard most. */
  async prove({ try: number, kind, at }: LetterAt): Promise<LetterProof> {
    await this.#lookAt(number);
    return proofOf(this.#lens, this.passages, { number, kind, at });
  }

  /** Turns one number of a letter by hand, and measures the surprise again. */
  async wiggle({ try: number, kind, at, token, index, by }: LetterAt & Wiggled): Promise<number> {
    await this.#lookAt(number);
    return wiggledOf(this.#lens, this.passages, { number, kind, at, token, index, by });
  }

  /** Lets the model, as it was before a step, continue a text. Throws: StargradError for a letter that is not in the text */
  async write(
    number: number,
    { prompt, temperature, length }: Wish,
    onText: (text: string) => void,
  ): Promise<string> {
    const { vocabulary } = this.passages;
    const beginning = prompt === "" ? startOf(vocabulary.characters, this.passages.training) : prompt;
    const unknown = Array.from(beginning).find((letter) => !vocabulary.characters.includes(letter));
    if (unknown !== undefined) {
      const problem = `the text has no “${unknown}”, so the model never learned it`;
      throw new StargradError("text", problem, "Begin with other letters");
    }
    const given = vocabulary.encode(beginning);
    await this.#lookAt(number);
    const generator = new Generator(this.settings.seed);
    let tokens = given;
    for (let left = length; left > 0; left -= 8) {
      const options = { length: Math.min(8, left), temperature, generator };
      const written = await generate(this.#lens.model, tokens, options);
      tokens = Int32Array.of(...tokens, ...written);
      onText(vocabulary.decode(tokens.subarray(given.length)));
    }
    return vocabulary.decode(tokens.subarray(given.length));
  }

  /** The fingerprint of the weights before a step, as they were recorded; null between two recorded states. */
  recorded(number: number): string | null {
    const state = this.#states.get(number);
    return state === undefined ? null : fingerprintOf(state);
  }

  /** Makes the steps to this one again, from the last recorded state before it. Returns what their losses were, for a test. */
  async replay(
    number: number,
  ): Promise<{ readonly fingerprint: string; readonly losses: readonly number[] }> {
    this.#lensAt = NaN;
    const losses = await this.#moveTo(number);
    return { fingerprint: fingerprintOf(await this.#lens.state()), losses };
  }

  async #stateAt(number: number): Promise<TextState> {
    return this.#lookAt(number);
  }

  /** Brings the lens before a step, and keeps its state: most questions about a step come more than once. */
  async #lookAt(number: number): Promise<TextState> {
    if (this.#looked?.number === number) {
      if (this.#lensAt !== number) this.#lens.restore(this.#looked.state);
    } else {
      await this.#moveTo(number);
      this.#looked = { number, state: await this.#lens.state() };
    }
    this.#lensAt = number;
    return this.#looked.state;
  }

  async #moveTo(number: number): Promise<number[]> {
    const { first, last } = this;
    if (!(number >= first && number <= Math.max(first, last))) {
      throw new StargradError("text", `got step ${number}; expected ${first} to ${last}`);
    }
    const start = Math.max(...[...this.#states.keys()].filter((before) => before <= number));
    const state = this.#states.get(start);
    if (state === undefined) throw new StargradError("text", `the run has not begun`);
    const losses: number[] = [];
    const isOnTheWay = this.#lensAt >= start && this.#lensAt <= number;
    if (!isOnTheWay) {
      this.#lens.restore(state);
      this.#lensAt = start;
    }
    while (this.#lensAt < number) {
      losses.push(await this.#lens.update(this.#lensAt));
      this.#lensAt++;
      // Of a resumed run, the states in between are not there yet.
      const isKept = (this.#lensAt - first) % kept === 0;
      if (isKept && !this.#states.has(this.#lensAt)) this.#states.set(this.#lensAt, await this.#lens.state());
    }
    return losses;
  }
}

/** Where a sample begins: at the beginning of a line, if the text has lines. */
function startOf(characters: readonly string[], training: Int32Array): string {
  return characters.includes("\n") ? "\n" : characters[training[0]];
}

/** The words of a text. */
export function wordsIn(text: string): string[] {
  return text.match(/\p{L}+/gu) ?? [];
}

/** The message without the name of what was called. */
export function sentenceOf({ message, called }: StargradError): string {
  const sentence = message.slice(called.length + 2);
  return `${sentence[0].toUpperCase()}${sentence.slice(1)}.`;
}
