import type { Level } from "../words/levels.js";
import type { Place } from "./address.js";
import { announcer } from "./announce.svelte.js";
import { Player } from "./player.svelte.js";
import { stageAt, stageIds, type StageId } from "./stages.js";

/** A run, as far as every lesson knows it. Its tries, or steps, have numbers. */
export interface AnyRun {
  readonly first: number;
  /** The last one so far; before the first one, the number before it. */
  readonly last: number;
  /** Whether there will be no more. */
  readonly isOver: boolean;
  isPaused: boolean;
}

/** How a run ended. */
interface AnyEnd {
  readonly kind: string;
}

/** A run that ends once, as the page sees it. */
export class RunView<Settings, End extends AnyEnd> implements AnyRun {
  readonly id: number;
  readonly settings: Settings;
  first = $state(1);
  readonly name: string;
  /** The mistake of every try. */
  mistakes = $state.raw<readonly number[]>([]);
  end = $state.raw<End | null>(null);
  isPaused = $state(false);

  constructor(id: number, settings: Settings, first: number, name: string) {
    this.id = id;
    this.settings = settings;
    this.first = first;
    this.name = name;
  }

  get last(): number {
    return this.first + this.mistakes.length - 1;
  }

  get isOver(): boolean {
    return this.end !== null;
  }
}

let runsSoFar = 0;

/** A number for a new run: no two runs of a page have the same one. */
export function newRunId(): number {
  return ++runsSoFar;
}

/** One message, with a way back. */
export interface Message {
  readonly text: string;
  readonly undo?: () => void;
  /** What the way back is called, if it is not “Undo”. */
  readonly offer?: string;
}

/**
 * A lesson on the page, as far as all lessons are alike: what is looked at, and the ways to get there by keys, the timeline, a link and the
 * player. A lesson adds its worker, its numbers and what can be chosen in them.
 */
export abstract class Lesson<Run extends AnyRun> {
  level = $state<Level>("kid");
  stage = $state<StageId>("goal");
  /** The number of the try, or step, that is shown. */
  try = $state(1);
  /** The mark that is lit, in words, pictures and lists. */
  lit = $state<string | null>(null);
  runs = $state.raw<readonly Run[]>([]);
  present = $state.raw<Run>(null as never);
  toast = $state.raw<Message | null>(null);
  readonly player = new Player({
    isAtEnd: (speed) =>
      this.try >= this.present.last && this.present.isOver && (speed !== "stage" || this.stage === "again"),
    nextStage: () => {
      this.turn(1);
    },
    nextTry: () => {
      this.moveTo(this.try + 1);
    },
  });
  /** The try that a link or a key asks for, until the run has come so far. */
  protected awaited: number | null = null;
  readonly #unit: "try" | "step";
  readonly #id: Place["lesson"];

  /** `none`: stands for the present run until there is one. */
  constructor({ lesson, level, stage }: Place, unit: "try" | "step", none: Run) {
    this.level = level;
    this.stage = stage;
    this.#id = lesson;
    this.#unit = unit;
    this.present = none;
  }

  /** What is shown of the present try; null before there is something. */
  abstract readonly scene: { readonly number: number } | null;
  /** The settings that a link to what is shown has. */
  abstract readonly settings: object;
  protected abstract readonly client: { restart(): void; close(): void };
  /** Asks for the numbers of a try, and shows them when they are there. */
  protected abstract lookAt(number: number): void;
  /** Makes the next try of a run that is paused. */
  protected abstract makeNext(run: Run): void;
  /** How many tries a second a run makes. */
  protected abstract pace(run: Run, pace: number): void;
  /** Asks for what another stage needs. */
  protected abstract restage(): void;
  /** What is read aloud about the present stage. */
  protected abstract spoken(): string;
  /** Measures the slope at what is chosen. */
  abstract prove(): Promise<void>;
  /** Undoes the last choice. */
  abstract undo(): void;

  /** What is shown, for its link. */
  get here(): Place {
    const { settings, try: number, stage, level } = this;
    return { lesson: this.#id, settings, try: number, stage, level };
  }

  play(): unknown {
    this.player.play();
    return undefined;
  }

  goTo(stage: StageId): void {
    this.stage = stage;
    this.restage();
  }

  /** The stage before or after; after Again comes the next try. */
  turn(by: 1 | -1): void {
    const index = stageIds.indexOf(this.stage) + by;
    if (index >= stageIds.length) {
      if (!this.hasNext) return;
      this.stage = "attempt";
      this.moveTo(this.try + 1);
    } else if (index === 0 && this.try > this.present.first) {
      this.stage = "again";
      this.moveTo(this.try - 1);
    } else if (index >= 0) this.goTo(stageIds[index]);
  }

  /** Whether there is a try after the one that is shown. */
  protected get hasNext(): boolean {
    return this.try < this.present.last;
  }

  /** Shows another try; beyond the last one of a paused run, makes it. */
  moveTo(number: number): void {
    const { first, last, isOver, isPaused } = this.present;
    if (number > last && !isOver && isPaused) {
      this.awaited = number;
      this.makeNext(this.present);
    } else if (last >= first) this.lookAt(Math.max(first, Math.min(number, last)));
  }

  /** Goes to the try that is awaited once it is there. Until then there is the first one to look at, if nothing is shown. */
  protected goToAwaited(isShown = this.scene !== null): void {
    const { awaited: at, present: run } = this;
    if (at === null || run.last < run.first) return;
    if (at > run.last && !run.isOver) {
      if (!isShown) this.lookAt(run.first);
      return;
    }
    this.awaited = null;
    if (at > run.last) {
      this.toast = {
        text: `This run ends at ${this.#unit} ${run.last}; ${this.#unit} ${at} was asked for.`,
      };
    }
    this.lookAt(Math.max(run.first, Math.min(at, run.last)));
  }

  /** Lets the present run stand still, or go on. */
  pause(): void {
    const run = this.present;
    run.isPaused = !run.isPaused;
    this.pace(run, run.isPaused ? 0 : Infinity);
  }

  protected announce(): void {
    if (this.scene === null) return;
    announcer.say(() => `${stageAt(this.stage).name}, ${this.#unit} ${this.try}. ${this.spoken()}`);
  }

  /** Ends the worker as a crash would. */
  crash(): void {
    this.client.restart();
  }

  close(): void {
    this.player.stop();
    this.client.close();
  }
}
