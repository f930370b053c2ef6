import type { Stroke } from "@stargrad/datasets";

import type { End } from "../../../cat-or-dog/memory.js";
import type { Answered, MarkProof, Picture, Scene } from "../../../cat-or-dog/scene.js";
import { animals } from "../../../cat-or-dog/sizes.js";
import type { Test } from "../../../cat-or-dog/tested.js";
import type { CatSettings } from "../../../cat-or-dog/training.js";
import { mostBlamed, plainWordsFor, turnedMost } from "../../../cat-or-dog/words.js";
import { decimal, signed } from "../../../words/numbers.js";
import type { Place } from "../../address.js";
import { announcer } from "../../announce.svelte.js";
import { Lesson, newRunId, RunView as LessonRun } from "../../lesson.svelte.js";
import { Client } from "../../run/client.js";
import { Latest } from "../../run/latest.js";
import { stageAt } from "../../stages.js";
import { usual, type CatPlace } from "./link.js";
import type { CatQuestions, Progress } from "./messages.js";

/** A run, as far as the page knows it. */
export class RunView extends LessonRun<CatSettings, End> {
  tests = $state.raw<readonly Test[]>([]);
}

/** What the net says now about a picture of the visitor. */
interface Now extends Answered {
  readonly after: number;
}

/** Which held-out drawings are listed: those that are one animal and are called the same or the other. */
export interface Cell {
  readonly is: 0 | 1;
  readonly says: 0 | 1;
}

interface Wiggle {
  readonly pixel: number;
  readonly by: number;
  readonly answered: Answered;
}

/** How much ink one press adds. */
const press = 0.1;

/** Cat or dog on the page: what is looked at, and what the visitor chose. All numbers come from the worker. */
export class CatLesson extends Lesson<RunView> {
  scene = $state.raw<Scene | null>(null);
  /** The picture to look at. */
  picture = $state.raw<Picture>(0);
  /** The held-out drawing of the link, also while a picture of the visitor is shown. */
  drawing = $state(0);
  /** The ink of all held-out drawings, one byte for a pixel; null until they have been drawn. */
  heldOut = $state.raw<Uint8Array | null>(null);
  /** The picture of the visitor, once there is one. */
  own = $state.raw<{ readonly pixels: Float32Array; readonly answer: 0 | 1 } | null>(null);
  strokes = $state.raw<readonly Stroke[]>([]);
  now = $state.raw<Now | null>(null);
  /** What was wrong with a file. */
  refusal = $state<string | null>(null);
  cell = $state.raw<Cell | null>(null);
  wiggle = $state.raw<Wiggle | null>(null);
  proofs = $state.raw<ReadonlyMap<string, MarkProof>>(new Map());
  protected readonly client: Client<CatQuestions, Progress>;
  readonly #looks = new Latest<CatQuestions["look"]["ask"]>(async (asked) => {
    const scene = await this.client.ask("look", asked);
    if (asked.run === this.present.id && asked.picture === this.picture) this.#arrive(scene);
  });
  readonly #answers = new Latest<CatQuestions["now"]["ask"]>(async (asked) => {
    const now = await this.client.ask("now", asked);
    if (asked.run === this.present.id && asked.picture === this.own) this.now = now;
  });
  /** The pixel or filter that the visitor chose; null: the lesson chooses. */
  #byHand = $state<string | null>(null);
  /** The weight of the chosen filter that the visitor chose; null: the lesson chooses. */
  #weight = $state<string | null>(null);
  #turned = 0;
  #isWiggling = false;

  constructor(place: Place<CatPlace>) {
    super(place, "step", new RunView(0, usual, 1, "this run"));
    this.drawing = this.picture = place.settings.drawing;
    this.client = new Client<CatQuestions, Progress>({
      start: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      onEvent: (progress) => {
        this.#hear(progress);
      },
      onRestart: () => {
        this.#reopen();
      },
    });
    const { seed, learningRate } = place.settings;
    this.begin({ seed, learningRate }, { at: place.try, resume: true });
  }

  get settings(): CatPlace {
    return { ...this.present.settings, drawing: this.drawing };
  }

  /** The last test at the present step. */
  get test(): Test | null {
    const { tests } = this.present;
    return tests.findLast(({ after }) => after <= this.try) ?? tests.at(0) ?? null;
  }

  /** The chosen mark: a pixel of the picture (`x30`), or a filter of the first or second layer (`f3`, `g12`). */
  get chosen(): string {
    if (this.#byHand !== null) return this.#byHand;
    const { scene } = this;
    if (scene === null) return "f1";
    if (this.stage === "blame") return `x${scene.blame.wish}`;
    if (this.stage === "attempt") return mostBlamed(scene);
    return `f${turnedMost(scene).filter + 1}`;
  }

  /** The chosen filter of the first layer, from 1. */
  get filter(): number {
    const { chosen, scene } = this;
    if (chosen.startsWith("f")) return Number(chosen.slice(1));
    return scene === null ? 1 : turnedMost(scene).filter + 1;
  }

  /** The chosen weight of the chosen filter, from 0. */
  get weight(): number {
    const [, filter, weight] = /^w(\d+)-(\d+)$/.exec(this.#weight ?? "") ?? [];
    if (Number(filter) === this.filter) return Number(weight);
    if (this.scene === null) return 12;
    const blames = this.scene.step.blames.subarray(25 * (this.filter - 1), 25 * this.filter).map(Math.abs);
    return blames.indexOf(Math.max(...blames));
  }

  /** Begins a run of its own, in place of all others. */
  begin(settings: CatSettings, { at = 1, resume = false } = {}): void {
    for (const run of this.runs) this.#tell("close", { run: run.id });
    const run = new RunView(newRunId(), settings, 1, "this run");
    this.runs = [run];
    this.#open(run, at, { resume });
  }

  /** Goes on from the present step with another learning rate. Both runs are drawn. */
  fork(learningRate: number): void {
    const before = this.present;
    const from = { run: before.id, try: this.try };
    const settings = { ...before.settings, learningRate };
    const run = new RunView(newRunId(), settings, this.try, `from step ${this.try}: rate ${learningRate}`);
    for (const other of this.runs) if (other !== before) this.#tell("close", { run: other.id });
    this.runs = [before, run];
    this.#open(run, this.try, { from });
    this.toast = {
      text: `Forked at step ${from.try}: learning rate ${learningRate}. The old run is dashed.`,
      undo: () => {
        this.#tell("close", { run: run.id });
        this.runs = [before];
        this.present = before;
        this.toast = null;
        this.moveTo(this.try);
      },
    };
  }

  #open(
    run: RunView,
    at: number,
    { from, resume = false }: { from?: { run: number; try: number }; resume?: boolean },
  ): void {
    this.player.stop();
    this.present = run;
    this.toast = null;
    this.#letGo();
    this.awaited = at;
    const { seed, learningRate } = run.settings;
    const ask = {
      run: run.id,
      settings: { seed, learningRate },
      resume,
      pace: Infinity,
      ...(from && { from }),
    };
    void this.client
      .ask("open", ask)
      .then((saved) => {
        if (saved === null || run !== this.present) return;
        this.toast = {
          text: `Kept on your machine, to step ${saved}.`,
          undo: () => {
            this.begin(run.settings);
          },
        };
      })
      .catch(() => undefined);
  }

  /** Asks for something whose answer does not matter. If the worker dies meanwhile, it is started again anyway. */
  #tell<Name extends "pace" | "step" | "close">(name: Name, ask: CatQuestions[Name]["ask"]): void {
    this.client.ask(name, ask).catch(() => undefined);
  }

  #reopen(): void {
    const { settings } = this.present;
    // The new worker knows none of them.
    this.runs = [];
    this.heldOut = null;
    this.begin(settings, { at: this.try, resume: true });
    this.toast = {
      text: "The worker had stopped. It was started again, and the run goes on from where it was saved last.",
    };
  }

  #hear({ run: id, first, mistakes, tests, end, notice }: Progress): void {
    const run = this.runs.find((one) => one.id === id);
    if (run === undefined) return;
    // A fork that was saved begins later than at step 1.
    if (run.mistakes.length === 0) run.first = first;
    if (mistakes.length > 0) run.mistakes = [...run.mistakes, ...mistakes];
    if (tests.length > 0) run.tests = [...run.tests, ...tests];
    run.end = end;
    if (notice !== null) this.toast = { text: notice };
    if (run !== this.present) return;
    if (this.own !== null) this.#answers.want({ run: id, picture: this.own });
    // Once, when the first step is there: drawing them takes half a second.
    if (this.heldOut === null && run.tests.length > 0) void this.#askHeldOut();
    this.goToAwaited();
  }

  #isAsking = false;
  async #askHeldOut(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.heldOut = await this.client.ask("heldOut", {}).catch(() => null);
    this.#isAsking = false;
  }

  protected pace({ id }: RunView, pace: number): void {
    this.#tell("pace", { run: id, pace });
  }

  protected makeNext({ id }: RunView): void {
    this.#tell("step", { run: id });
  }

  protected lookAt(number: number): void {
    this.#looks.want({ run: this.present.id, try: number, picture: this.picture });
  }

  #arrive(scene: Scene): void {
    const isOther = scene.number !== this.scene?.number || scene.pixels !== this.scene.pixels;
    this.scene = scene;
    this.try = scene.number;
    if (isOther) this.proofs = new Map();
    this.#letGo();
    this.announce();
  }

  protected restage(): void {
    this.#byHand = null;
    this.#letGo();
    this.announce();
  }

  /** Looks at another picture, at the same step. */
  show(picture: Picture): void {
    if (typeof picture === "number") this.drawing = picture;
    this.picture = picture;
    this.#byHand = null;
    if (this.present.mistakes.length > 0) this.lookAt(this.try);
  }

  /** Looks at the most surprising drawing of the last test, or the next one after it in that order. */
  showWorst(): void {
    const order = this.test?.order;
    if (order === undefined) return;
    const at = typeof this.picture === "number" ? order.indexOf(this.picture) : -1;
    this.show(order[(at + 1) % Math.min(order.length, 24)]);
  }

  openCell(cell: Cell | null): void {
    this.cell = cell;
  }

  /** The drawings of the open cell, or of all mistakes; the most surprising ones first. */
  get listed(): readonly number[] {
    const { test, cell } = this;
    if (test === null) return [];
    return [...test.order].filter((drawing) => {
      const [is, says] = [drawing % 2, test.said[drawing]];
      return cell === null ? is !== says : is === cell.is && says === cell.says;
    });
  }

  choose(mark: string): void {
    if (/^w\d/.test(mark)) {
      this.#byHand = `f${mark.slice(1).split("-")[0]}`;
      this.#weight = mark;
    } else if (/^[xfg]\d/.test(mark)) this.#byHand = mark;
    else return;
    this.#letGo();
  }

  /** Adds ink to the chosen pixel by some presses of a key, or erases. */
  wiggleBy(presses: number): void {
    if (!this.chosen.startsWith("x")) return;
    this.#turned = Math.max(-10, Math.min(10, this.#turned + presses));
    if (!this.#isWiggling) void this.#wiggleOn();
  }

  async #wiggleOn(): Promise<void> {
    const { scene, chosen, present, picture } = this;
    if (scene === null) return;
    this.#isWiggling = true;
    const pixel = Number(chosen.slice(1));
    let by = NaN;
    while (by !== this.#turned * press && this.scene === scene && this.chosen === chosen) {
      by = this.#turned * press;
      const ask = { run: present.id, try: scene.number, picture, pixel, by };
      const answered = await this.client.ask("wiggle", ask).catch(() => null);
      if (answered === null || this.scene !== scene || this.chosen !== chosen) break;
      this.wiggle = { pixel, by, answered };
      announcer.say(`${animals[scene.answer]} ${decimal(answered.p[scene.answer], 3)}`);
    }
    this.#isWiggling = false;
  }

  async prove(mark = this.chosen): Promise<void> {
    const { scene, present, picture } = this;
    if (scene === null) return;
    const ask = { run: present.id, try: scene.number, picture, mark };
    const proof = await this.client.ask("prove", ask).catch(() => null);
    if (proof === null || this.scene !== scene) return;
    this.proofs = new Map([...this.proofs, [mark, proof]]);
    announcer.say(`Measured slope ${signed(proof.slope, 4)}, blame ${signed(proof.blame, 4)}`);
  }

  /** Undoes the last choice. */
  undo(): void {
    if (this.wiggle !== null) this.#letGo();
    else if (this.toast !== null) this.toast = null;
    else this.#byHand = null;
  }

  /** The strokes of the visitor, as the net sees them. */
  async draw(strokes: readonly Stroke[]): Promise<void> {
    this.strokes = strokes;
    this.refusal = null;
    if (strokes.length === 0) {
      this.forget();
      return;
    }
    // Plain data, which can travel to the worker.
    const plain = JSON.parse(JSON.stringify(strokes)) as Stroke[];
    const pixels = await this.client.ask("draw", { strokes: plain }).catch(() => null);
    if (pixels !== null && this.strokes === strokes) this.#showOwn(pixels);
  }

  /** Opens a picture file. */
  async read(file: File): Promise<void> {
    this.refusal = null;
    try {
      const pixels = await this.client.ask("read", { file });
      this.strokes = [];
      this.#showOwn(pixels);
    } catch (error) {
      this.refusal = `${file.name.slice(0, 60)}: ${error instanceof Error ? error.message : ""}`;
      announcer.say(this.refusal);
    }
  }

  /** Says what the picture of the visitor is. */
  callOwn(answer: 0 | 1): void {
    if (this.own !== null) this.#showOwn(this.own.pixels, answer);
    else this.answerOfOwn = answer;
  }

  /** What the next picture of the visitor is. */
  answerOfOwn = $state<0 | 1>(0);

  #showOwn(pixels: Float32Array, answer = this.answerOfOwn): void {
    this.answerOfOwn = answer;
    this.own = { pixels, answer };
    this.now = null;
    this.show(this.own);
    this.#answers.want({ run: this.present.id, picture: this.own });
  }

  /** Puts the visitor's picture away. */
  forget(): void {
    this.own = null;
    this.now = null;
    this.strokes = [];
    if (typeof this.picture !== "number") this.show(this.drawing);
  }

  /** The fingerprint of the weights with which a step began, as recorded when it was made. */
  recorded(number: number): Promise<string> {
    return this.client.ask("recorded", { run: this.present.id, try: number });
  }

  /** The numbers of any step, without showing it. */
  look(number: number): Promise<Scene> {
    return this.client.ask("look", { run: this.present.id, try: number, picture: this.picture });
  }

  #letGo(): void {
    this.#turned = 0;
    this.wiggle = null;
  }

  protected spoken(): string {
    return this.scene === null ? "" : plainWordsFor(this.scene, stageAt(this.stage).name, this.level);
  }
}
