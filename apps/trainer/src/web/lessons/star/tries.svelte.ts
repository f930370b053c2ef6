import type { End } from "../../../star/runs.js";
import { short, signed } from "../../../words/numbers.js";
import type { Place } from "../../address.js";
import { announcer } from "../../announce.svelte.js";
import { Lesson, newRunId, RunView } from "../../lesson.svelte.js";
import { Client } from "../../run/client.js";
import { Latest } from "../../run/latest.js";
import type { Questions } from "../../run/protocol.js";
import { stageIds, type StageId } from "../../stages.js";
import type { OfTry, Progress, RungTypes, TryQuestions } from "./messages.js";

interface Wiggle<Attempt> {
  readonly knob: string;
  readonly by: number;
  readonly attempt: Attempt;
}

/** What the tries of a rung need to know about it. */
export interface RungOptions<Rung extends RungTypes> {
  readonly worker: () => Worker;
  /** The settings as plain data, which can travel to a worker. */
  readonly plain: (settings: Rung["settings"]) => Rung["settings"];
  /** The settings in a few words, for the name of a fork. */
  readonly named: (settings: Rung["settings"]) => string;
  /** How far one key press turns a knob. */
  readonly press: number;
}

/**
 * The tries of the pen or of the brain on the page: runs, what is looked at, and what the visitor chose. All numbers come
 * from the worker. A rung begins its first run when its own fields are there.
 */
export abstract class TriesLesson<
  Rung extends RungTypes,
  More extends Questions = TryQuestions<Rung>,
> extends Lesson<RunView<Rung["settings"], End>> {
  scene = $state.raw<Rung["scene"] | null>(null);
  path = $state.raw<Rung["path"] | null>(null);
  /** How far the slider of the path is, from 0 to 20. */
  until = $state(20);
  /** The knob that the visitor chose; null: the lesson chooses. */
  protected byHand = $state<string | null>(null);
  wiggle = $state.raw<Wiggle<Rung["attempt"]> | null>(null);
  /** Positions of the chosen knob that were tried by hand, and the mistake there. */
  tried = $state.raw<readonly (readonly [by: number, mistake: number])[]>([]);
  proofs = $state.raw<ReadonlyMap<string, Rung["proof"]>>(new Map());
  protected readonly client: Client<TryQuestions<Rung> & More, Progress>;
  readonly #options: RungOptions<Rung>;
  readonly #looks = new Latest<OfTry>(async (asked) => {
    const scene = await this.client.ask("look", asked);
    if (asked.run === this.present.id) this.#arrive(scene);
  });
  /** How far the chosen knob is turned by hand. */
  #turned = 0;
  #isWiggling = false;

  constructor(place: Place<Rung["settings"]>, options: RungOptions<Rung>) {
    super(place, "try", new RunView<Rung["settings"], End>(0, {}, 1, "this run"));
    this.#options = options;
    this.client = new Client<TryQuestions<Rung> & More, Progress>({
      start: options.worker,
      onEvent: (progress) => {
        this.#hear(progress);
      },
      onRestart: () => {
        this.#reopen();
      },
    });
  }

  get settings(): Rung["settings"] {
    return this.present.settings;
  }

  /** The knob that is chosen at a stage: by the visitor, or by the lesson. Before Blame, it does not tell which one will be blamed. */
  abstract chosenAt(stage: StageId): string;

  /** The knob that is chosen now. */
  get chosen(): string {
    return this.chosenAt(this.stage);
  }

  /** Whether a stage is one where blame is known. */
  protected isLate(stage: StageId): boolean {
    return stageIds.indexOf(stage) >= stageIds.indexOf("blame");
  }

  /** Begins a run of its own, in place of all others. */
  begin(settings: Rung["settings"], at = 1): void {
    for (const run of this.runs) this.#tell("close", { run: run.id });
    const run = new RunView<Rung["settings"], End>(newRunId(), settings, 1, "this run");
    this.runs = [run];
    this.#open(run, at);
  }

  /** Goes on from the present try with other settings. Both runs are drawn. */
  fork(settings: Rung["settings"]): void {
    const from = { run: this.present.id, try: this.try };
    const before = this.present;
    const named = this.#options.named(settings);
    const run = new RunView<Rung["settings"], End>(
      newRunId(),
      settings,
      this.try,
      `from try ${this.try}: ${named}`,
    );
    const dropped = this.runs.filter((other) => other !== before);
    for (const other of dropped) this.#tell("close", { run: other.id });
    this.runs = [before, run];
    this.#open(run, this.try, from);
    this.toast = {
      text: `Forked at try ${from.try}: ${named}. The old run is dashed.`,
      undo: () => {
        this.show(before);
      },
    };
  }

  /** Puts another run on the screen. */
  show(run: RunView<Rung["settings"], End>): void {
    this.present = run;
    this.toast = null;
    this.moveTo(this.try);
  }

  #open(run: RunView<Rung["settings"], End>, at: number, from?: OfTry): void {
    this.player.stop();
    this.present = run;
    this.proofs = new Map();
    this.byHand = null;
    this.awaited = at;
    this.forget();
    this.#tell("open", {
      run: run.id,
      settings: this.#options.plain(run.settings),
      pace: Infinity,
      ...(from && { from }),
    });
  }

  /** Forgets what belongs to the run before. */
  protected forget(): void {
    // Nothing more than what every rung has.
  }

  /** Asks for something whose answer does not matter. If the worker dies meanwhile, everything begins again anyway. */
  #tell<Name extends "open" | "pace" | "step" | "close">(
    name: Name,
    ask: TryQuestions<Rung>[Name]["ask"],
  ): void {
    this.client.ask(name, ask).catch(() => undefined);
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
    if (run === this.present) this.goToAwaited();
  }

  protected pace({ id }: RunView<Rung["settings"], End>, pace: number): void {
    this.#tell("pace", { run: id, pace });
  }

  protected makeNext({ id }: RunView<Rung["settings"], End>): void {
    this.#tell("step", { run: id });
  }

  protected lookAt(number: number): void {
    this.#looks.want({ run: this.present.id, try: number });
  }

  #arrive(scene: Rung["scene"]): void {
    const isOther = scene.number !== this.try || this.scene === null;
    this.scene = scene;
    this.try = scene.number;
    if (isOther) {
      this.proofs = new Map();
      this.path = null;
      this.until = 20;
    }
    this.restage();
  }

  protected restage(): void {
    this.letGo();
    if (this.stage === "again") void this.#askPath();
    this.arrived();
    this.announce();
  }

  /** Asks for what else a rung shows of a try. */
  protected arrived(): void {
    // Nothing more than what every rung has.
  }

  async #askPath(): Promise<void> {
    const { scene, present } = this;
    if (scene === null || this.path !== null || !this.hasStep(scene)) return;
    const path = await this.client.ask("path", { run: present.id, try: scene.number }).catch(() => null);
    if (this.scene === scene) this.path = path;
  }

  /** Whether there is a way from this try to the next. */
  protected abstract hasStep(scene: Rung["scene"]): boolean;

  /** Chooses a knob by hand. */
  protected take(knob: string): void {
    const before = this.chosen;
    this.byHand = knob;
    if (knob !== before) this.letGo();
  }

  /** Turns the chosen knob by hand, by some presses of a key. */
  wiggleBy(presses: number): void {
    this.#turned += presses * this.#options.press;
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
      const attempt = await this.client.ask("wiggle", asked).catch(() => null);
      if (attempt === null || this.scene !== scene || this.chosen !== chosen) break;
      this.wiggle = { knob: chosen, by, attempt };
      const { press } = this.#options;
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
    const proofs = await this.client
      .ask("prove", { run: present.id, try: scene.number, knobs })
      .catch((): Rung["proof"][] => []);
    if (this.scene !== scene || proofs.length === 0) return;
    this.proofs = new Map([...this.proofs, ...proofs.map((proof) => [proof.id, proof] as const)]);
    const [{ slope, blame }] = proofs;
    if (knobs.length === 1) announcer.say(`Measured slope ${signed(slope, 4)}, blame ${signed(blame, 4)}`);
  }

  /** Undoes the last choice. */
  undo(): void {
    if (this.wiggle !== null) this.letGo();
    else if (this.toast !== null) this.toast = null;
    else this.undoChoice();
  }

  protected undoChoice(): void {
    this.byHand = null;
  }

  /** The bytes of the knobs with which a try began, as recorded when it was made. */
  recorded(number: number): Promise<string> {
    return this.client.ask("recorded", { run: this.present.id, try: number });
  }

  /** The numbers of any try, without showing it. */
  look(number: number): Promise<Rung["scene"]> {
    return this.client.ask("look", { run: this.present.id, try: number });
  }

  protected letGo(): void {
    this.#turned = 0;
    this.wiggle = null;
    this.tried = [];
  }
}
