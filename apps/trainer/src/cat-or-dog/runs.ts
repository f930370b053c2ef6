import { ArgumentError } from "@stargrad/tensor";
import { decodeCheckpoint } from "@stargrad/train";

import { History } from "./history.js";
import { readMemory, writeMemory, type End, type Memory } from "./memory.js";
import {
  answerOf,
  fingerprint,
  lookedAt,
  pictureOf,
  proofOf,
  stepOf,
  wiggled,
  type Answered,
  type MarkProof,
  type Picture,
  type Scene,
  type StepNumbers,
} from "./scene.js";
import { goal, mostSteps, testEvery } from "./sizes.js";
import { testOf, type Test } from "./tested.js";
import { CatTraining, type CatSettings, type CatState } from "./training.js";

// Runs of the net that can be looked at while they go on: any step again, computed from a state that was recorded before it.

/** One run of the net. Steps are counted from 1. */
export class CatRun {
  readonly settings: CatSettings;
  /** The mean surprise of the drawings of each step so far, before it. */
  readonly mistakes: number[] = [];
  readonly tests: Test[] = [];
  #first = 1;
  /** Of a fork, the bytes of the state from which it was forked: a run that is saved can be looked at from there on. */
  #start: Uint8Array | null = null;
  readonly #training: CatTraining;
  /** A second net, which repeats steps while the first one goes on. */
  readonly #lens: CatTraining;
  #history = new History(1);
  /** For each step, a fingerprint of the weights with which it began. */
  readonly #fingerprints: string[] = [];
  /** How often the net was right in each step since the last test. */
  #right: number[] = [];
  #isTestDue = false;
  #end: End | null = null;
  #stepping = Promise.resolve();
  /** Where the lens was last, so that the next step and other pictures need no repetition. */
  #seen: { readonly step: number; readonly state: CatState } | null = null;
  #explained: { readonly number: number; readonly numbers: StepNumbers; readonly after: CatState } | null =
    null;

  constructor(settings: CatSettings) {
    this.settings = settings;
    this.#training = new CatTraining(settings);
    this.#lens = new CatTraining(settings);
  }

  /** The number of the first step: 1, or that of the step from which the run was forked. */
  get first(): number {
    return this.#first;
  }

  /** A run that goes on from its bytes; null if they are not those of a run with these settings. */
  static async saved(bytes: Uint8Array, settings: CatSettings): Promise<CatRun | null> {
    const checkpoint = await decodeCheckpoint(bytes);
    const memory = readMemory(checkpoint.metadata, settings);
    if (memory === null) return null;
    const run = new CatRun(settings);
    if (memory.start !== null) run.#training.load(await decodeCheckpoint(memory.start));
    run.#first = memory.first;
    run.#start = memory.start;
    run.#history = new History(memory.first);
    run.#history.keep(memory.first, run.#training.state());
    run.#training.load(checkpoint);
    run.mistakes.push(...memory.mistakes);
    run.#fingerprints.push(...memory.fingerprints);
    run.tests.push(...memory.tests);
    run.#right = memory.right;
    run.#isTestDue = memory.isTestDue;
    run.#end = memory.end;
    return run;
  }

  /** The bytes from which {@link CatRun.saved} goes on. */
  bytes(): Promise<Uint8Array> {
    const memory: Memory = {
      first: this.first,
      start: this.#start,
      mistakes: this.mistakes,
      fingerprints: this.#fingerprints,
      tests: this.tests,
      right: this.#right,
      isTestDue: this.#isTestDue,
      end: this.#end,
    };
    return this.#training.bytes(writeMemory(memory, this.settings));
  }

  /** A run with other settings, from a step of this one on. */
  async fork(settings: CatSettings, step: number): Promise<CatRun> {
    const run = new CatRun(settings);
    run.#training.goOnFrom(await this.#stateOf(step));
    run.#first = step;
    run.#start = await run.#training.bytes({});
    run.#history = new History(step);
    return run;
  }

  get end(): End | null {
    return this.#end;
  }

  /** The number of the last step so far; before the first one, the number before it. */
  get last(): number {
    return this.first + this.mistakes.length - 1;
  }

  /** How many states are kept. */
  get kept(): number {
    return this.#history.size;
  }

  /** Makes the next step, or the test that is due, unless the run has ended. Calls wait for each other. */
  step(): Promise<void> {
    return (this.#stepping = this.#stepping.then(async () => {
      if (this.#end !== null) return;
      await (this.#isTestDue ? this.#test() : this.#makeStep());
    }));
  }

  async #makeStep(): Promise<void> {
    const number = this.last + 1;
    if (this.#history.wants(number)) this.#history.keep(number, this.#training.state());
    const print = await fingerprint(this.#training.net);
    const { surprise, right } = await this.#training.update(number);
    if (!Number.isFinite(surprise)) {
      this.#end = { kind: "failed", sentence: tooFast(number, this.settings.learningRate) };
      return;
    }
    this.#fingerprints.push(print);
    this.mistakes.push(surprise);
    this.#right.push(right);
    const made = number - this.first + 1;
    this.#isTestDue = made === 1 || number % testEvery === 0;
  }

  async #test(): Promise<void> {
    const learned = this.#right.reduce((sum, right) => sum + right, 0) / this.#right.length;
    const test = await testOf(this.#training.net, this.last, learned);
    this.#right = [];
    this.#isTestDue = false;
    this.tests.push(test);
    if (test.right >= goal) this.#end = { kind: "perfect" };
    else if (this.mistakes.length >= mostSteps) this.#end = outOfSteps;
  }

  /** The numbers of a step for a picture, computed again. */
  async look(number: number, picture: Picture): Promise<Scene> {
    const own = pictureOf(picture);
    const state = await this.#stateOf(number);
    const { net } = this.#lens;
    this.#lens.restore(state);
    const looked = await lookedAt(net, own);
    const { numbers, after } = await this.#explain(number);
    this.#lens.restore(after);
    const next = await answerOf(net, own);
    return {
      number,
      learningRate: this.settings.learningRate,
      drawing: typeof picture === "number" ? picture : null,
      pixels: own.pixels,
      answer: own.answer,
      ...looked,
      step: numbers,
      next,
    };
  }

  async #explain(number: number): Promise<{ numbers: StepNumbers; after: CatState }> {
    if (this.#explained?.number === number) return this.#explained;
    const numbers = await stepOf(this.#lens, number).catch((error: unknown) => {
      throw error instanceof ArgumentError ? new Error(tooFast(number, this.settings.learningRate)) : error;
    });
    const after = this.#lens.state();
    this.#explained = { number, numbers, after };
    return this.#explained;
  }

  /** Measures the slope at a mark of the picture, by two more passes. */
  async prove(number: number, picture: Picture, mark: string): Promise<MarkProof> {
    this.#lens.restore(await this.#stateOf(number));
    return proofOf(this.#lens.net, pictureOf(picture), mark);
  }

  async wiggle(number: number, picture: Picture, pixel: number, by: number): Promise<Answered> {
    this.#lens.restore(await this.#stateOf(number));
    return wiggled(this.#lens.net, pictureOf(picture), pixel, by);
  }

  /** What the net says about a picture as it is now, while it learns. */
  async answerNow(picture: Picture): Promise<Answered & { readonly after: number }> {
    const [after, state] = [this.last, this.#training.state()];
    this.#lens.restore(state);
    return { after, ...(await answerOf(this.#lens.net, pictureOf(picture))) };
  }

  /** The fingerprint of the weights with which a step began, as it was recorded. */
  recorded(number: number): string {
    const print = this.#fingerprints[number - this.first] as string | undefined;
    if (print === undefined) throw new Error(this.#missing(number));
    return print;
  }

  /** The state in which a step began: kept, or computed again from the nearest one that is kept. */
  async #stateOf(number: number): Promise<CatState> {
    if (!(number >= this.first && number <= this.last)) throw new Error(this.#missing(number));
    const seen = this.#seen;
    if (seen?.step === number) return seen.state;
    const kept = this.#history.before(number);
    const near = seen !== null && seen.step < number && seen.step > kept.step ? seen : kept;
    this.#lens.restore(near.state);
    for (let step = near.step; step < number; step++) {
      await this.#lens.update(step);
      // A run that was saved has only its first state in the beginning.
      if (this.#history.wants(step + 1)) this.#history.keep(step + 1, this.#lens.state());
    }
    this.#seen = { step: number, state: this.#lens.state() };
    return this.#seen.state;
  }

  #missing(number: number): string {
    return `There is no step ${number}; the run has the steps ${this.first} to ${this.last}`;
  }
}

function tooFast(number: number, learningRate: number): string {
  return `In step ${number} the surprise grew beyond all numbers. The learning rate ${learningRate} is too large; try 0.004.`;
}

const outOfSteps: End = {
  kind: "failed",
  sentence: `After ${mostSteps} steps the net is still right less often than ${100 * goal} times in a hundred. Try the learning rate 0.004.`,
};
