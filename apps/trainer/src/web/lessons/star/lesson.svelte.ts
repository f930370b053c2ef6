import type { End } from "../../../star/pen/runs.js";
import type { KnobProof, Path, Scene } from "../../../star/pen/scene.js";
import type { Attempt, PenSettings, Point } from "../../../star/pen/training.js";
import { exampleStroke, markOf, plainWordsFor } from "../../../star/pen/words.js";
import type { Level } from "../../../words/levels.js";
import { short } from "../../../words/numbers.js";
import type { Place } from "../../address.js";
import { announcer } from "../../announce.svelte.js";
import { Player } from "../../player.svelte.js";
import { Client } from "../../run/client.js";
import { Latest } from "../../run/latest.js";
import { stageAt, stageIds, type StageId } from "../../stages.js";
import type { Progress, StarQuestions } from "./messages.js";
import { strokeOf } from "./figures/paper.js";
import { usual } from "./link.js";

/** A run, as far as the page knows it. */
export class RunView {
  readonly id: number;
  readonly settings: PenSettings;
  readonly first: number;
  readonly name: string;
  mistakes = $state.raw<readonly number[]>([]);
  end = $state.raw<End | null>(null);
  isPaused = $state(false);

  constructor(id: number, settings: PenSettings, first: number, name: string) {
    this.id = id;
    this.settings = settings;
    this.first = first;
    this.name = name;
  }

  get last(): number {
    return this.first + this.mistakes.length - 1;
  }
}

/** How far one key press turns a knob: 0.01, or about half a degree. */
const press = 0.01;

interface Wiggle {
  readonly knob: string;
  readonly by: number;
  readonly attempt: Attempt;
}

/** The star on the page: what is looked at, and what the visitor chose. All numbers come from the worker. */
export class StarLesson {
  level = $state<Level>("kid");
  stage = $state<StageId>("goal");
  try = $state(1);
  scene = $state.raw<Scene | null>(null);
  path = $state.raw<Path | null>(null);
  /** How far the slider of the path is, from 0 to 20. */
  until = $state(20);
  lit = $state<string | null>(null);
  /** The knob that the visitor chose; null: the lesson chooses. */
  #byHand = $state<string | null>(null);
  /** Guesses, by try. */
  guesses = $state.raw<Readonly<Record<number, number | "skipped" | undefined>>>({});
  wiggle = $state.raw<Wiggle | null>(null);
  /** Positions of the chosen knob that were tried by hand, and the mistake there. */
  tried = $state.raw<readonly (readonly [by: number, mistake: number])[]>([]);
  proofs = $state.raw<ReadonlyMap<string, KnobProof>>(new Map());
  reuse = $state(true);
  runs = $state.raw<readonly RunView[]>([]);
  present = $state.raw<RunView>(new RunView(0, usual, 1, "this run"));
  readonly player = new Player({
    isAtEnd: (speed) =>
      this.try >= this.present.last &&
      this.present.end !== null &&
      (speed !== "stage" || this.stage === "again"),
    nextStage: () => {
      this.turn(1);
    },
    nextTry: () => {
      this.moveTo(this.try + 1);
    },
  });
  toast = $state.raw<{ readonly text: string; readonly undo?: () => void } | null>(null);

  readonly #client: Client<StarQuestions, Progress>;
  readonly #looks = new Latest<{ readonly run: number; readonly try: number }>(async (asked) => {
    const scene = await this.#client.ask("look", asked);
    if (asked.run === this.present.id) this.#arrive(scene);
  });
  /** How far the chosen knob is turned by hand. */
  #turned = 0;
  #isWiggling = false;
  /** The try that a link asks for, until the run has come so far. */
  #awaited: number | null = null;

  constructor(place: Place<PenSettings>) {
    this.level = place.level;
    this.stage = place.stage;
    this.#client = new Client<StarQuestions, Progress>({
      start: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      onEvent: (progress) => {
        this.#hear(progress);
      },
      onRestart: () => {
        this.#reopen();
      },
    });
    this.begin(place.settings, place.try);
  }

  get settings(): PenSettings {
    return this.present.settings;
  }

  get guess(): number | null {
    const guess = this.guesses[this.try];
    return typeof guess === "number" ? guess : null;
  }

  /** The chosen knob. Before Blame it is any knob, so that it does not tell which one will be blamed. */
  get chosen(): string {
    if (this.#byHand !== null) return this.#byHand;
    const isLate = stageIds.indexOf(this.stage) >= stageIds.indexOf("blame");
    return isLate && this.scene?.adjustment != null
      ? markOf(this.scene.adjustment.mostBlamed)
      : `l${exampleStroke}`;
  }

  /** The chosen corner: that of the chosen stroke, or the worst one. */
  get corner(): number {
    return this.#byHand === null && this.scene !== null ? this.scene.worst + 1 : this.stroke;
  }

  get stroke(): number {
    return strokeOf(this.chosen) ?? 1;
  }

  /** Begins a run of its own, in place of all others. */
  begin(settings: PenSettings, at = 1): void {
    for (const run of this.runs) this.#tell("close", { run: run.id });
    const run = new RunView(++runsSoFar, settings, 1, "this run");
    this.runs = [run];
    this.#open(run, at);
  }

  /** Goes on from the present try with other settings. Both runs are drawn. */
  fork(settings: PenSettings): void {
    const from = { run: this.present.id, try: this.try };
    const before = this.present;
    const name = `from try ${this.try}: rate ${settings.learningRate}, momentum ${settings.momentum}`;
    const run = new RunView(++runsSoFar, settings, this.try, name);
    const dropped = this.runs.filter((other) => other !== before);
    for (const other of dropped) this.#tell("close", { run: other.id });
    this.runs = [before, run];
    this.#open(run, this.try, from);
    this.toast = {
      text: `Forked at try ${from.try}: learning rate ${settings.learningRate}, momentum ${settings.momentum}. The old run is dashed.`,
      undo: () => {
        this.show(before);
      },
    };
  }

  /** Puts another run on the screen. */
  show(run: RunView): void {
    this.present = run;
    this.toast = null;
    this.moveTo(this.try);
  }

  #open(run: RunView, at: number, from?: { run: number; try: number }): void {
    this.player.stop();
    this.present = run;
    this.proofs = new Map();
    this.guesses = {};
    this.#byHand = null;
    this.#awaited = at;
    this.#tell("open", {
      run: run.id,
      settings: plain(run.settings),
      pace: Infinity,
      ...(from && { from }),
    });
  }

  /** Asks for something whose answer does not matter. If the worker dies meanwhile, everything begins again anyway. */
  #tell<Name extends "open" | "pace" | "step" | "close">(name: Name, ask: StarQuestions[Name]["ask"]): void {
    this.#client.ask(name, ask).catch(() => undefined);
  }

  #reopen(): void {
    const { settings } = this.runs[0];
    // The new worker knows none of them.
    this.runs = [];
    this.begin(settings, this.try);
    this.toast = {
      text: "The worker had stopped. It was started again, and the run was made again from its beginning.",
    };
  }

  #hear({ run: id, mistakes, end }: Progress): void {
    const run = this.runs.find((one) => one.id === id);
    if (run === undefined) return;
    run.mistakes = [...run.mistakes, ...mistakes];
    run.end = end;
    if (run !== this.present || this.#awaited === null) return;
    const at = this.#awaited;
    if (at > run.last && end === null) {
      // Something to look at while the run goes on.
      if (this.scene === null && run.mistakes.length > 0) this.#look(run.first);
      return;
    }
    this.#awaited = null;
    if (at > run.last)
      this.toast = { text: `This run ends at try ${run.last}; the link asked for try ${at}.` };
    if (run.mistakes.length > 0) this.moveTo(at);
  }

  pause(): void {
    const run = this.present;
    run.isPaused = !run.isPaused;
    this.#tell("pace", { run: run.id, pace: run.isPaused ? 0 : Infinity });
  }

  /** Shows another try; beyond the last one of a paused run, makes it. */
  moveTo(number: number): void {
    const { first, last, end, isPaused, id } = this.present;
    if (number > last && end === null && isPaused) {
      this.#awaited = number;
      this.#tell("step", { run: id });
      return;
    }
    this.#look(Math.max(first, Math.min(number, last)));
  }

  #look(number: number): void {
    this.#looks.want({ run: this.present.id, try: number });
  }

  #arrive(scene: Scene): void {
    const isOther = scene.number !== this.try || this.scene === null;
    this.scene = scene;
    this.try = scene.number;
    if (isOther) {
      this.proofs = new Map();
      this.path = null;
      this.until = 20;
    }
    this.#letGo();
    if (this.stage === "again") void this.#askPath();
    this.#announce();
  }

  goTo(stage: StageId): void {
    this.stage = stage;
    this.#letGo();
    if (stage === "again") void this.#askPath();
    this.#announce();
  }

  /** The stage before or after; after Again comes the next try. */
  turn(by: 1 | -1): void {
    const index = stageIds.indexOf(this.stage) + by;
    if (index >= stageIds.length) {
      if (this.try >= this.present.last) return;
      this.stage = "attempt";
      this.moveTo(this.try + 1);
    } else if (index === 0 && this.try > this.present.first) {
      this.stage = "again";
      this.moveTo(this.try - 1);
    } else if (index >= 0) this.goTo(stageIds[index]);
  }

  async #askPath(): Promise<void> {
    const { scene, present } = this;
    if (scene?.step == null || this.path !== null) return;
    const path = await this.#client.ask("path", { run: present.id, try: scene.number }).catch(() => null);
    if (this.scene === scene) this.path = path;
  }

  choose(mark: string): void {
    const stroke = strokeOf(mark) ?? cornerOf(mark);
    if (stroke === null) return;
    const before = this.chosen;
    this.#byHand = /^[dl]/.test(mark) ? mark : `${before[0]}${stroke}`;
    if (this.#byHand !== before) this.#letGo();
  }

  answer(guess: number | "skipped"): void {
    this.guesses = { ...this.guesses, [this.try]: guess };
    announcer.say(guess === "skipped" ? "Skipped." : `Your guess is stroke ${guess}. The blame comes next.`);
  }

  /** Turns the chosen knob by hand, by some presses of a key. */
  wiggleBy(presses: number): void {
    this.#turned += presses * press;
    if (!this.#isWiggling) void this.#wiggleOn();
  }

  /** Measures where the knob is now, one attempt at a time, until it stands still. */
  async #wiggleOn(): Promise<void> {
    const { scene, chosen, present } = this;
    if (scene === null) return;
    this.#isWiggling = true;
    let by = NaN;
    while (by !== this.#turned && this.scene === scene && this.chosen === chosen) {
      by = this.#turned;
      const asked = { run: present.id, try: scene.number, knob: chosen, by };
      const attempt = await this.#client.ask("wiggle", asked).catch(() => null);
      if (attempt === null || this.scene !== scene || this.chosen !== chosen) break;
      this.wiggle = { knob: chosen, by, attempt };
      if (!this.tried.some(([other]) => Math.abs(other - by) < press / 2)) {
        this.tried = [...this.tried, [by, attempt.mistake]];
      }
      announcer.say(`The mistake is ${short(attempt.mistake)}`);
    }
    this.#isWiggling = false;
  }

  async prove(knobs: readonly string[] = [this.chosen]): Promise<void> {
    const { scene, present } = this;
    if (scene === null) return;
    const proofs = await this.#client
      .ask("prove", { run: present.id, try: scene.number, knobs })
      .catch(() => []);
    if (this.scene !== scene) return;
    this.proofs = new Map([...this.proofs, ...proofs.map((proof) => [proof.id, proof] as const)]);
    const [{ slope, blame }] = proofs;
    if (knobs.length === 1) announcer.say(`Measured slope ${short(slope)}, blame ${short(blame)}`);
  }

  /** Undoes the last choice. */
  undo(): void {
    if (this.wiggle !== null) this.#letGo();
    else if (this.toast !== null) this.toast = null;
    else if (this.guesses[this.try] !== undefined) this.guesses = { ...this.guesses, [this.try]: "skipped" };
    else this.#byHand = null;
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

  /** The bytes of the knobs with which a try began, as recorded when it was made. */
  recorded(number: number): Promise<string> {
    return this.#client.ask("recorded", { run: this.present.id, try: number });
  }

  /** The numbers of any try, without showing it. */
  look(number: number): Promise<Scene> {
    return this.#client.ask("look", { run: this.present.id, try: number });
  }

  #letGo(): void {
    this.#turned = 0;
    this.wiggle = null;
    this.tried = [];
  }

  #announce(): void {
    if (this.scene === null) return;
    const { name } = stageAt(this.stage);
    announcer.say(`${name}, try ${this.try}. ${plainWordsFor(this.scene, name, this.level)}`);
  }

  /** Ends the worker as a crash would. */
  crash(): void {
    this.#client.restart();
  }

  close(): void {
    this.player.stop();
    this.#client.close();
  }
}

let runsSoFar = 0;

function cornerOf(mark: string): number | null {
  const corner = /^c(\d+)$/.exec(mark)?.[1];
  return corner === undefined ? null : Number(corner);
}

/** Plain data, which can travel to a worker. */
function plain({ seed, learningRate, momentum, goal }: PenSettings): PenSettings {
  return { seed, learningRate, momentum, ...(goal && { goal: goal.map(([x, y]) => [x, y] as const) }) };
}
