import type { End, Report } from "../../../text/live/runs.js";
import type { Account, Letter, LetterProof, PassageKind, Scene } from "../../../text/live/scene.js";
import { usualSettings, type LiveSettings } from "../../../text/live/sizes.js";
import { named, wordsFor, type Told } from "../../../text/live/words.js";
import { short, signed } from "../../../words/numbers.js";
import { plain } from "../../../words/rich.js";
import type { Place } from "../../address.js";
import { announcer } from "../../announce.svelte.js";
import { Lesson, newRunId, RunView as LessonRun } from "../../lesson.svelte.js";
import { Client } from "../../run/client.js";
import { Latest } from "../../run/latest.js";
import { stageAt } from "../../stages.js";
import type { TextChoice, TextEvent, TextFacts, TextQuestions } from "./messages.js";

/** A run, as far as the page knows it. Its mistakes are the surprise of each step. */
export class RunView extends LessonRun<LiveSettings, End> {
  reports = $state.raw<readonly Report[]>([]);
  /** The last step that the browser has kept; null before the first save. */
  saved = $state<number | null>(null);
}

/** What the visitor lets the model continue, and what it wrote. */
export interface Written {
  readonly prompt: string;
  readonly text: string;
  readonly step: number;
  readonly isDone: boolean;
}

/** The text lesson on the page: what is looked at, and what the visitor chose. All numbers come from the worker. */
export class TextLesson extends Lesson<RunView> {
  kind = $state<PassageKind>("read");
  scene = $state.raw<Scene | null>(null);
  letter = $state.raw<Letter | null>(null);
  account = $state.raw<Account | null>(null);
  proof = $state.raw<LetterProof | null>(null);
  /** How far the number that was proved is turned by hand, and the surprise then. */
  wiggle = $state.raw<{ readonly by: number; readonly surprise: number } | null>(null);
  #turned = 0;
  #isWiggling = false;
  facts = $state.raw<TextFacts | null>(null);
  /** The place of the letter that the visitor chose; null: the lesson chooses. */
  #byHand = $state<number | null>(null);
  isFollowing = $state(false);
  written = $state.raw<Written | null>(null);
  /** Why a text, or the beginning of one, was refused. */
  refused = $state<string | null>(null);
  refusedWish = $state<string | null>(null);
  protected readonly client: Client<TextQuestions, TextEvent>;
  readonly #looks = new Latest<{ run: number; try: number; kind: PassageKind }>(async (asked) => {
    const scene = await this.client.ask("look", asked);
    if (asked.run === this.present.id) this.#arrive(scene);
  });
  /** The number of the run that was asked for last. */
  #newest = 0;
  readonly #details = new Latest<null>(() => this.#askDetails());

  constructor(place: Place<LiveSettings>) {
    super(place, "step", new RunView(0, usualSettings, 1, "this run"));
    this.client = new Client<TextQuestions, TextEvent>({
      start: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      onEvent: (event) => {
        this.#hear(event);
      },
      onRestart: () => {
        this.#recover();
      },
    });
    void this.#start(place.settings, place.try);
  }

  get settings(): LiveSettings {
    return this.present.settings;
  }

  /** The place of the chosen letter in the passage. */
  get at(): number {
    const last = (this.scene?.letters.length ?? 2) - 1;
    return Math.min(this.#byHand ?? this.scene?.worst ?? 1, last);
  }

  /** What the words tell; null as long as there is nothing to tell. */
  get told(): Told | null {
    const { scene, at, facts } = this;
    if (scene === null || facts === null) return null;
    const letter =
      this.letter !== null && this.#isOf(this.letter) && this.letter.at === at ? this.letter : null;
    const account = this.account !== null && this.#isOf(this.account) ? this.account : null;
    return { scene, at, letter, account, text: facts };
  }

  #isOf({ number, kind }: { readonly number: number; readonly kind: PassageKind }): boolean {
    return number === this.scene?.number && kind === this.scene.kind;
  }

  /** Goes on with the run that the browser kept, or begins one. */
  async #start(settings: LiveSettings, at: number, notice?: string): Promise<void> {
    const id = (this.#newest = newRunId());
    const resumed = await this.client
      .ask("resume", { run: id, settings: { ...settings }, pace: Infinity })
      .catch(() => undefined);
    // The worker died: then this is asked again. Or the visitor has begun another run meanwhile.
    if (resumed === undefined || this.#newest !== id) return;
    if (resumed === null) {
      await this.begin(settings, "tales", at);
      if (notice !== undefined) this.toast = { text: `${notice} The run begins again.` };
      return;
    }
    const { facts, first, losses, reports, end } = resumed;
    const run = new RunView(id, resumed.settings, first, "this run");
    run.mistakes = losses;
    run.reports = reports;
    run.end = end;
    run.saved = run.last;
    this.facts = facts;
    this.runs = [run];
    this.#show(run, at);
    const goesOn =
      end === null ? `goes on after step ${run.last}` : `is there, with all its ${run.last} steps`;
    this.toast = { text: `${notice ?? ""} Your run of ${facts.name} ${goesOn}.`.trim() };
    this.goToAwaited(false);
  }

  /** Begins a run of its own, in place of all others. A text that is refused changes nothing. */
  async begin(settings: LiveSettings, text: TextChoice = "same", at = 1): Promise<void> {
    this.#newest = newRunId();
    await this.#open(new RunView(this.#newest, settings, 1, "this run"), at, text);
  }

  /** Goes on from the present step with other settings. Both runs are drawn. */
  async fork(settings: LiveSettings): Promise<void> {
    const from = { run: this.present.id, try: this.try };
    const before = this.present;
    const name = `from step ${this.try}: rate ${settings.learningRate}`;
    this.#newest = newRunId();
    const run = new RunView(this.#newest, settings, this.try, name);
    await this.#open(run, this.try, "same", { from, before });
    this.toast = {
      text: `Forked at step ${from.try}: learning rate ${settings.learningRate}. The old run is dashed.`,
      undo: () => {
        this.show(before);
      },
    };
  }

  async #open(
    run: RunView,
    at: number,
    text: TextChoice,
    fork?: { readonly from: { readonly run: number; readonly try: number }; readonly before: RunView },
  ): Promise<void> {
    const old = this.runs;
    this.runs = fork === undefined ? [...old, run] : [fork.before, run];
    if (fork !== undefined)
      for (const other of old) if (other !== fork.before) this.#tell("close", { run: other.id });
    if (fork !== undefined) this.#tell("pace", { run: fork.before.id, pace: 0 });
    const ask = {
      run: run.id,
      settings: { ...run.settings },
      text,
      pace: Infinity,
      ...(fork && { from: fork.from }),
    };
    const opened = await this.client.ask("open", ask).catch(() => null);
    if (opened === null) return;
    if ("refused" in opened) {
      this.runs = old;
      this.refused = opened.refused;
      announcer.say(opened.refused);
      return;
    }
    this.refused = null;
    this.facts = opened.facts;
    if (fork === undefined) {
      for (const other of old) this.#tell("close", { run: other.id });
      this.runs = [run];
    }
    this.#show(run, at);
    this.goToAwaited(false);
  }

  #show(run: RunView, at: number): void {
    this.player.stop();
    this.present = run;
    this.toast = null;
    this.#byHand = null;
    this.awaited = at;
    this.written = null;
  }

  /** Puts another run on the screen. */
  show(run: RunView): void {
    this.present = run;
    this.toast = null;
    this.#tell("pace", { run: run.id, pace: run.isPaused ? 0 : Infinity });
    this.moveTo(this.try);
  }

  #tell<Name extends "pace" | "step" | "close">(name: Name, ask: TextQuestions[Name]["ask"]): void {
    this.client.ask(name, ask).catch(() => undefined);
  }

  #recover(): void {
    const { settings } = this.present;
    this.runs = [];
    void this.#start(settings, this.try, "The worker had stopped and was started again.");
  }

  #hear(event: TextEvent): void {
    if (event.kind === "notice") {
      this.toast = { text: event.sentence };
      return;
    }
    const run = this.runs.find(({ id }) => id === event.run);
    if (run === undefined) return;
    if (event.kind === "saved") {
      run.saved = event.last;
      return;
    }
    if (event.kind === "written") {
      if (this.written !== null) this.written = { ...this.written, text: event.text };
      return;
    }
    run.mistakes = [...run.mistakes, ...event.losses];
    run.reports = [...run.reports, ...event.reports];
    run.end = event.end;
    if (run !== this.present) return;
    this.goToAwaited();
    if (this.isFollowing && event.reports.length > 0) this.lookAt(run.last);
  }

  protected pace({ id }: RunView, pace: number): void {
    this.#tell("pace", { run: id, pace });
  }

  protected makeNext({ id }: RunView): void {
    this.#tell("step", { run: id });
  }

  /** Always shows the newest step that has a text, or stays where it is. */
  follow(isWanted: boolean): void {
    this.isFollowing = isWanted;
    if (isWanted) this.lookAt(this.present.last);
  }

  /** Shows another step, and follows no more. */
  override moveTo(number: number): void {
    this.isFollowing = false;
    super.moveTo(number);
  }

  protected lookAt(number: number): void {
    this.#looks.want({ run: this.present.id, try: number, kind: this.kind });
  }

  #arrive(scene: Scene): void {
    const isOther = scene.number !== this.scene?.number || scene.kind !== this.scene.kind;
    // Another passage has other letters.
    if (isOther && scene.kind === "read") this.#byHand = null;
    this.scene = scene;
    this.try = scene.number;
    this.#letGo();
    this.#details.want(null);
    this.announce();
  }

  /** Asks for what the stage shows beyond the scene. */
  async #askDetails(): Promise<void> {
    const { scene, at, present, stage } = this;
    if (scene === null) return;
    const asked = { run: present.id, try: scene.number, kind: scene.kind };
    if (stage === "blame" && this.told?.letter == null) {
      this.letter = await this.client.ask("letter", { ...asked, at });
      this.announce();
    }
    if ((stage === "adjust" || stage === "again") && this.told?.account == null) {
      this.account = await this.client.ask("account", asked);
      this.announce();
    }
  }

  choosePassage(kind: PassageKind): void {
    this.kind = kind;
    this.#byHand = null;
    if (this.scene !== null) this.lookAt(this.try);
  }

  protected restage(): void {
    this.#details.want(null);
    this.announce();
  }

  /** Chooses a letter of the passage by its mark, `c12`. */
  choose(mark: string): void {
    const place = Number(/^c(\d+)$/.exec(mark)?.[1] ?? NaN);
    const { scene } = this;
    if (scene === null || !(place >= 1 && place < scene.letters.length)) return;
    this.#byHand = place;
    this.#letGo();
    const { surprise } = scene.expected[place - 1];
    announcer.say(`${named(scene.letters[place])}, surprise ${short(surprise)}`);
    this.#details.want(null);
  }

  async prove(): Promise<void> {
    const { scene, at, present } = this;
    if (scene === null) return;
    const asked = { run: present.id, try: scene.number, kind: scene.kind, at };
    const proof = await this.client.ask("prove", asked).catch(() => null);
    if (proof === null || this.scene !== scene || this.at !== at) return;
    this.#letGo();
    this.proof = proof;
    announcer.say(`Measured slope ${signed(proof.slope, 4)}, blame ${signed(proof.blame, 4)}`);
  }

  /** Turns the number that was proved, by some presses of a key; the first press proves it. */
  async wiggleBy(presses: number): Promise<void> {
    if (this.proof === null) await this.prove();
    if (this.proof === null) return;
    this.#turned += presses;
    if (!this.#isWiggling) await this.#wiggleOn(this.proof);
  }

  /** Measures the surprise where the number is now, one at a time, until it stands still. */
  async #wiggleOn(proof: LetterProof): Promise<void> {
    const { scene, at, present } = this;
    if (scene === null) return;
    this.#isWiggling = true;
    const { token, index } = proof;
    let turned = NaN;
    while (turned !== this.#turned && this.proof === proof) {
      turned = this.#turned;
      const by = press * turned;
      const asked = { run: present.id, try: scene.number, kind: scene.kind, at, token, index, by };
      const surprise = await this.client.ask("wiggle", asked).catch(() => null);
      if (surprise === null || this.proof !== proof) break;
      this.wiggle = { by, surprise };
      announcer.say(`The surprise is ${short(surprise)}`);
    }
    this.#isWiggling = false;
  }

  #letGo(): void {
    this.proof = null;
    this.wiggle = null;
    this.#turned = 0;
  }

  /** Lets the model of the present step continue a text. */
  async write(prompt: string, temperature: number): Promise<void> {
    const { present } = this;
    this.refusedWish = null;
    const step = this.try;
    this.written = { prompt, text: "", step, isDone: false };
    const wish = { run: present.id, try: step, prompt, temperature, length: 160 };
    const answer = await this.client.ask("write", wish).catch(() => null);
    if (answer === null || "refused" in answer) {
      this.written = null;
      this.refusedWish = answer?.refused ?? null;
    } else {
      this.written = { prompt, text: answer.text, step, isDone: true };
      announcer.say(answer.text);
    }
  }

  /** Undoes the last choice. */
  undo(): void {
    if (this.wiggle !== null) {
      this.wiggle = null;
      this.#turned = 0;
    } else if (this.toast !== null) this.toast = null;
    else if (this.proof !== null) this.#letGo();
    else {
      this.#byHand = null;
      this.#details.want(null);
    }
  }

  recorded(number: number): Promise<string | null> {
    return this.client.ask("recorded", { run: this.present.id, try: number });
  }

  replay(number: number): Promise<TextQuestions["replay"]["answer"]> {
    return this.client.ask("replay", { run: this.present.id, try: number });
  }

  /** The numbers of any step, without showing them. */
  look(number: number, kind: PassageKind = this.kind): Promise<Scene> {
    return this.client.ask("look", { run: this.present.id, try: number, kind });
  }

  accountOf(number: number, kind: PassageKind = this.kind): Promise<Account> {
    return this.client.ask("account", { run: this.present.id, try: number, kind });
  }

  protected spoken(): string {
    const { told } = this;
    return told === null ? "" : plain(wordsFor(told, stageAt(this.stage).name, this.level));
  }
}

/** How far one press turns a number. */
const press = 0.02;
