import type { PenSettings, Point } from "../../../star/pen/training.js";
import { exampleStroke, markOf, plainWordsFor } from "../../../star/pen/words.js";
import type { Scene } from "../../../star/pen/scene.js";
import type { Place } from "../../address.js";
import { announcer } from "../../announce.svelte.js";
import { stageAt, type StageId } from "../../stages.js";
import { strokeOf } from "./figures/paper.js";
import type { PenTypes } from "./messages.js";
import { startWorker } from "./start-worker.js";
import { TriesLesson } from "./tries.svelte.js";

/** The pen on the page: what is looked at, and what the visitor chose. All numbers come from the worker. */
export class StarLesson extends TriesLesson<PenTypes> {
  /** Guesses, by try. */
  guesses = $state.raw<Readonly<Record<number, number | "skipped" | undefined>>>({});
  reuse = $state(true);

  constructor(place: Place<PenSettings>) {
    super(place, {
      worker: startWorker,
      plain,
      named: ({ learningRate, momentum }) => `learning rate ${learningRate}, momentum ${momentum}`,
      // About half a degree.
      press: 0.01,
    });
    this.begin(place.settings, place.try);
  }

  get guess(): number | null {
    const guess = this.guesses[this.try];
    return typeof guess === "number" ? guess : null;
  }

  chosenAt(stage: StageId): string {
    if (this.byHand !== null) return this.byHand;
    return this.isLate(stage) && this.scene?.adjustment != null
      ? markOf(this.scene.adjustment.mostBlamed)
      : `l${exampleStroke}`;
  }

  /** The chosen corner: that of the chosen stroke, or the worst one. */
  get corner(): number {
    return this.byHand === null && this.scene !== null ? this.scene.worst + 1 : this.stroke;
  }

  get stroke(): number {
    return strokeOf(this.chosen) ?? 1;
  }

  protected hasStep({ step }: Scene): boolean {
    return step !== null;
  }

  protected spoken(): string {
    return this.scene === null ? "" : plainWordsFor(this.scene, stageAt(this.stage).name, this.level);
  }

  protected override forget(): void {
    this.guesses = {};
  }

  choose(mark: string): void {
    const stroke = strokeOf(mark) ?? cornerOf(mark);
    if (stroke !== null) this.take(/^[dl]/.test(mark) ? mark : `${this.chosen[0]}${stroke}`);
  }

  answer(guess: number | "skipped"): void {
    this.guesses = { ...this.guesses, [this.try]: guess };
    announcer.say(guess === "skipped" ? "Skipped." : `Your guess is stroke ${guess}. The blame comes next.`);
  }

  protected override undoChoice(): void {
    if (this.guesses[this.try] === undefined) super.undoChoice();
    else this.guesses = { ...this.guesses, [this.try]: "skipped" };
  }

  /** Moves a corner of the goal. The run begins again when the corner is let go. */
  moveGoal(corner: number, to: Point, isDone: boolean): void {
    const { scene } = this;
    if (scene === null) return;
    const inside = to.map((value) => Math.round(1000 * Math.max(-2, Math.min(2, value))) / 1000) as [
      number,
      number,
    ];
    const goal = scene.goal.map((point, i) => (i === corner - 1 ? inside : point));
    this.scene = { ...scene, goal };
    if (isDone) this.begin({ ...this.settings, goal });
  }
}

function cornerOf(mark: string): number | null {
  const corner = /^c(\d+)$/.exec(mark)?.[1];
  return corner === undefined ? null : Number(corner);
}

/** Plain data, which can travel to a worker. */
function plain({ seed, learningRate, momentum, goal }: PenSettings): PenSettings {
  return { seed, learningRate, momentum, ...(goal && { goal: goal.map(([x, y]) => [x, y] as const) }) };
}
