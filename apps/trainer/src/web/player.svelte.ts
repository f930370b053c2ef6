import { prefersStillness } from "./theme.svelte.js";

export const speeds = [
  { value: "stage", text: "by stage" },
  { value: "1", text: "1 a second" },
  { value: "10", text: "10 a second" },
  { value: "max", text: "max" },
] as const;
export type Speed = (typeof speeds)[number]["value"];

/** How long a stage stays when stages follow each other, in milliseconds. */
const stageTime = 3200;

/** What a player moves: a lesson. */
export interface Playable {
  /** Whether there is nothing after what is shown, and there will be nothing. */
  isAtEnd(bySpeed: Speed): boolean;
  /** Goes to the next stage. */
  nextStage(): void;
  /** Goes to the next try. */
  nextTry(): void;
}

/** Plays a lesson, by stages or by tries, at a speed. Motion is slow where it is unwanted. */
export class Player {
  isPlaying = $state(false);
  speed = $state<Speed>("stage");
  readonly #lesson: Playable;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(lesson: Playable) {
    this.#lesson = lesson;
  }

  play(): void {
    if (this.isPlaying) {
      this.stop();
      return;
    }
    this.isPlaying = true;
    this.#next();
  }

  stop(): void {
    this.isPlaying = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #next(): void {
    const tries = this.speed === "max" ? 40 : Number(this.speed);
    const wait =
      this.speed === "stage" ? stageTime : 1000 / (prefersStillness() ? Math.min(tries, 1) : tries);
    this.#timer = setTimeout(() => {
      if (this.#lesson.isAtEnd(this.speed)) {
        this.stop();
        return;
      }
      if (this.speed === "stage") this.#lesson.nextStage();
      else this.#lesson.nextTry();
      this.#next();
    }, wait);
  }
}
