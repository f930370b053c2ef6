import type { GivenFile } from "../../../dashboard/read-data.js";
import { sampleTitles, type SampleName } from "../../../dashboard/sample-names.js";
import type { RunSettings } from "../../../dashboard/settings.js";
import type { DataSummary, ExampleView } from "../../../dashboard/view.js";
import { wordsFor, type Moment } from "../../../dashboard/words.js";
import { thousands } from "../../../words/numbers.js";
import { plain } from "../../../words/rich.js";
import type { Place } from "../../address.js";
import { announcer } from "../../announce.svelte.js";
import { Lesson, newRunId } from "../../lesson.svelte.js";
import { Client } from "../../run/client.js";
import { usual, type DashboardSettings } from "./link.js";
import type { DashboardQuestions, Progress, RunFacts } from "./messages.js";
import { RunView } from "./run-view.svelte.js";

export type Pace = "max" | "10" | "1";

/** The most runs that are kept to be compared. */
const mostRuns = 5;

interface Cell {
  readonly is: string;
  readonly says: string;
  readonly count: number;
  readonly examples: readonly ExampleView[];
}

/** The dashboard on the page: the data, the runs, and what is looked at. All numbers come from the worker. */
export class DashboardLesson extends Lesson<RunView> {
  /** Whether the step that is shown is always the last one. */
  isFollowing = $state(true);
  /** How fast it trains, and how fast an ended run is shown again. */
  speed = $state<Pace>("max");
  sample = $state<SampleName | null>("digits");
  /** The settings of the next run. */
  settings = $state.raw<RunSettings>(usual);
  data = $state.raw<DataSummary | null>(null);
  isReading = $state(true);
  /** Why files were refused. */
  refused = $state<string | null>(null);
  cell = $state.raw<Cell | null>(null);
  /** The layer whose weights are shown. */
  layer = $state(0);
  #files: readonly GivenFile[] = [];
  #isClosed = false;
  protected readonly client: Client<DashboardQuestions, Progress>;

  constructor(place: Place<DashboardSettings>) {
    super(place, "step", new RunView(none, "", usual));
    const { sample, ...settings } = place.settings;
    this.settings = settings;
    this.client = new Client<DashboardQuestions, Progress>({
      start: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      onEvent: (progress) => {
        this.#hear(progress);
      },
      onRestart: () => {
        void this.#resume("The worker had stopped. It was started again");
      },
    });
    void this.#begin(sample, place.try);
  }

  async #begin(sample: SampleName | null, at: number): Promise<void> {
    if (await this.#resume("This run was going on when the page was closed", { sample, at })) return;
    if (sample === null) {
      this.toast = {
        text: "The files of this link are not here: drop them again. Until then, there are drawn digits.",
      };
    }
    this.awaited = at > 1 ? at : null;
    await this.take(sample ?? "digits");
  }

  /** Goes on with the run that was saved last; of a page that was opened, only with one of the same settings. */
  async #resume(why: string, wanted?: { sample: SampleName | null; at: number }): Promise<boolean> {
    const id = newRunId();
    const early: Progress[] = [];
    this.#waiting.set(id, early);
    const resumed = await this.client.ask("resume", { run: id }).catch(() => null);
    this.#waiting.delete(id);
    const isWanted =
      resumed !== null &&
      (wanted === undefined || (resumed.sample === wanted.sample && same(resumed.settings, this.settings)));
    if (!isWanted) {
      if (wanted === undefined) {
        await (this.sample === null ? this.drop(this.#files) : this.take(this.sample));
        this.toast = { text: `${why}, and the run began again.` };
      }
      return false;
    }
    const { data, settings, facts, sample } = resumed;
    this.data = data;
    this.sample = sample;
    this.settings = settings;
    this.isReading = false;
    this.runs = [];
    const run = this.#add(id, settings, facts);
    for (const progress of early) this.#hear(progress);
    this.toast = {
      text:
        run.end === null
          ? `${why}, and goes on from step ${thousands(run.last)}.`
          : "This is the run of your last visit.",
      offer: "Train again",
      undo: () => {
        this.toast = null;
        void this.open(settings);
      },
    };
    if (run.end === null) void this.#setPace(run);
    this.awaited = wanted !== undefined && wanted.at > 1 ? wanted.at : null;
    this.#goWhereAsked(run);
    return true;
  }

  /** Progress of runs that the page does not know yet. */
  readonly #waiting = new Map<number, Progress[]>();

  #hear(progress: Progress): void {
    const run = this.runs.find(({ id }) => id === progress.run);
    if (run === undefined) {
      this.#waiting.get(progress.run)?.push(progress);
      return;
    }
    run.hear(progress);
    if (progress.notice !== null) this.toast = { text: progress.notice };
    if (run !== this.present) return;
    if (this.isFollowing) this.try = Math.max(1, run.last);
    this.#goWhereAsked(run);
    if (progress.epochs.length > 0) this.announce();
    if (progress.end?.kind === "failed") announcer.say(progress.end.sentence);
  }

  #goWhereAsked(run: RunView): void {
    const at = this.awaited;
    if (at === null || (run.last < at && run.end === null)) return;
    this.awaited = null;
    if (run.last < at)
      this.toast = { text: `This run ends at step ${run.last}; the link asked for step ${at}.` };
    else this.moveTo(at);
  }

  /** Takes a sample as the data, and trains on it. */
  async take(sample: SampleName): Promise<void> {
    await this.#load(() => this.client.ask("sample", { name: sample, split: split(this.settings) }), sample);
  }

  /** Reads files of the visitor, and trains on them. */
  async drop(files: readonly GivenFile[], target?: string): Promise<void> {
    this.#files = files;
    await this.#load(
      () =>
        this.client.ask("files", {
          files,
          split: split(this.settings),
          ...(target !== undefined && { target }),
        }),
      null,
    );
  }

  /** Predicts another column of the same table. */
  async aim(target: string): Promise<void> {
    await this.drop(this.#files, target);
  }

  async #load(ask: () => Promise<DataSummary>, sample: SampleName | null): Promise<void> {
    this.isReading = true;
    this.refused = null;
    try {
      const data = await ask();
      if (this.#isClosed) return;
      this.data = data;
      this.sample = sample;
      this.runs = [];
      this.present = new RunView(none, "", this.settings);
      this.cell = null;
      this.try = 1;
      this.isFollowing = true;
      announcer.say(`${data.name}: ${thousands(data.count)} examples of ${data.classes.length} classes.`);
      await this.open(this.#fitting(data));
    } catch (error) {
      this.refused = error instanceof Error ? error.message : String(error);
    } finally {
      this.isReading = false;
    }
  }

  /** The settings, with a model that the data allows. */
  #fitting(data: DataSummary): RunSettings {
    const isRow = data.what === "row" || Math.min(...data.shape.slice(1)) < 4;
    return isRow && this.settings.model === "cnn" ? { ...this.settings, model: "mlp" } : this.settings;
  }

  /** Begins a run beside those before. */
  async open(settings: RunSettings, from?: { run: number; epoch: number }): Promise<void> {
    const id = newRunId();
    const isOtherSplit = !same(split(settings), split(this.settings));
    const early: Progress[] = [];
    this.#waiting.set(id, early);
    try {
      if (isOtherSplit) {
        this.data = await this.client.ask("split", split(settings));
      }
      const facts = await this.client.ask("open", {
        run: id,
        settings: { ...settings },
        ...(from && { from }),
      });
      this.settings = settings;
      const run = this.#add(id, settings, facts);
      for (const progress of early) this.#hear(progress);
      void this.#setPace(run);
    } catch (error) {
      this.toast = { text: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#waiting.delete(id);
    }
  }

  #add(id: number, settings: RunSettings, facts: RunFacts): RunView {
    const used = new Set(this.runs.map(({ letter }) => letter));
    const letter = letters.find((one) => !used.has(one)) ?? "Z";
    for (const other of this.runs) if (other.end === null) other.isPaused = true;
    const run = new RunView(id, letter, settings);
    run.facts = facts;
    for (const dropped of this.runs.slice(0, Math.max(0, this.runs.length + 1 - mostRuns)))
      this.client.ask("close", { run: dropped.id }).catch(() => undefined);
    this.runs = [...this.runs.slice(1 - mostRuns), run];
    this.present = run;
    this.cell = null;
    this.isFollowing = true;
    this.layer = 0;
    this.try = 1;
    return run;
  }

  /** A run that is paused has been saved when this has ended. */
  async #setPace(run: RunView): Promise<void> {
    const pace = run.isPaused ? 0 : this.speed === "max" ? Infinity : Number(this.speed);
    await this.client.ask("pace", { run: run.id, pace }).catch(() => undefined);
  }

  /** Goes on from the end of the epoch before the shown step with other settings. */
  async fork(settings: RunSettings): Promise<void> {
    const { present, try: step } = this;
    const epoch = present.epochAt(step);
    if (!this.hasRun || epoch == null) return;
    await this.open(settings, { run: present.id, epoch: epoch.epoch });
    this.toast = { text: `Forked after epoch ${epoch.epoch}. Both runs are drawn.` };
  }

  /** Pauses the present run, or lets it go on. One that has ended is shown once more from its beginning. */
  override play(): Promise<void> {
    const { present } = this;
    if (!this.hasRun) return Promise.resolve();
    if (present.end !== null) {
      this.#showAgain(present);
      return Promise.resolve();
    }
    present.isPaused = !present.isPaused;
    if (!present.isPaused) this.isFollowing = true;
    return this.#setPace(present);
  }

  /** Whether an ended run is being shown once more. */
  isReplaying = $state(false);

  #showAgain(run: RunView): void {
    this.isReplaying = !this.isReplaying;
    if (!this.isReplaying) return;
    if (this.try >= run.last) this.try = 1;
    // The whole run in about six seconds, or step by step at the pace that is chosen.
    const [by, wait] =
      this.speed === "max" ? [Math.max(1, Math.ceil(run.last / 150)), 40] : [1, 1000 / Number(this.speed)];
    const next = (): void => {
      if (!this.isReplaying || this.present !== run || this.#isClosed) return;
      this.try = Math.min(run.last, this.try + by);
      this.isFollowing = this.try === run.last;
      if (this.isFollowing) this.isReplaying = false;
      else setTimeout(next, wait);
    };
    setTimeout(next, wait);
  }

  setSpeed(speed: Pace): void {
    this.speed = speed;
    if (this.hasRun && !this.present.isPaused) void this.#setPace(this.present);
  }

  protected pace({ id }: RunView, pace: number): void {
    this.client.ask("pace", { run: id, pace }).catch(() => undefined);
  }

  protected makeNext({ id }: RunView): void {
    this.isFollowing = true;
    this.client.ask("step", { run: id }).catch(() => undefined);
  }

  protected lookAt(step: number): void {
    this.isReplaying = false;
    this.try = step;
    this.isFollowing = step === this.present.last;
    this.announce();
  }

  show(run: RunView): void {
    this.present = run;
    this.settings = run.settings;
    this.cell = null;
    this.layer = 0;
    this.isFollowing = true;
    this.try = Math.max(1, run.last);
  }

  protected restage(): void {
    this.announce();
  }

  /** Before Attempt is Goal, where the data is, and not the step before. */
  override turn(by: 1 | -1): void {
    if (by === -1 && this.stage === "attempt") this.goTo("goal");
    else super.turn(by);
  }

  prove(): Promise<void> {
    return Promise.resolve();
  }

  undo(): void {
    this.toast = null;
  }

  /** Whether there is a run. */
  get hasRun(): boolean {
    return this.present.id !== none;
  }

  get scene(): { readonly number: number } | null {
    return this.data === null ? null : { number: this.try };
  }

  override get here(): Place {
    return {
      ...super.here,
      settings: { ...this.settings, sample: this.sample },
      try: this.isFollowing ? 1 : this.try,
    };
  }

  /** What is looked at; null before the first step. */
  get moment(): Moment | null {
    const { present, data, try: step } = this;
    if (!this.hasRun || data === null || present.last === 0) return null;
    const at = Math.min(step, present.last);
    const epoch = present.epochAt(at);
    if (epoch === null) return null;
    return {
      data,
      settings: present.settings,
      letter: present.letter,
      step: at,
      numbers: present.at(at),
      epoch,
      credit: present.creditAt(at),
      units: present.facts.units,
    };
  }

  /** Shows the examples of a cell of the confusion matrix, which are those of the last epoch. */
  async openCell(is: number, says: number): Promise<void> {
    const { present, data } = this;
    const record = present.epochs.at(-1);
    if (!this.hasRun || data === null || record === undefined) return;
    const { classes } = data;
    const count = record.confusion[is * classes.length + says];
    if (count === 0) return;
    const examples = await this.client.ask("cell", { run: present.id, is, says }).catch(() => []);
    this.cell = { is: classes[is].name, says: classes[says].name, count, examples };
  }

  /** Trains the epoch before the shown step again, and says whether the weights are the same. */
  async replay(): Promise<void> {
    const { present, try: step } = this;
    const epoch = present.epochAt(step)?.epoch ?? 0;
    if (!this.hasRun) return;
    try {
      const { weights, different } = await this.client.ask("replay", {
        run: present.id,
        epoch: Math.max(1, epoch),
      });
      const verdict =
        different === 0
          ? `the same ${thousands(weights)} weights, bit for bit`
          : `${different} of ${weights} weights differ`;
      this.toast = { text: `Epoch ${Math.max(1, epoch)} was trained again: ${verdict}.` };
    } catch (error) {
      this.toast = { text: error instanceof Error ? error.message : String(error) };
    }
  }

  export(run: RunView, format: "csv" | "json"): Promise<string> {
    return this.client.ask("export", { run: run.id, format });
  }

  protected spoken(): string {
    const { moment, data, stage } = this;
    if (stage === "goal")
      return data === null
        ? ""
        : plain(wordsFor({ data, settings: this.settings } as Moment, "goal", this.level));
    return moment === null ? "" : plain(wordsFor(moment, stage, this.level));
  }

  /** The title of the data, for the head of the page. */
  get title(): string {
    return this.sample === null ? (this.data?.name ?? "") : sampleTitles[this.sample];
  }

  override close(): void {
    this.#isClosed = true;
    super.close();
  }
}

/** The number of the run that stands for the present one until there is one. */
const none = 0;

const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(65 + i));

function split({ seed, share, leaveOut }: RunSettings): Pick<RunSettings, "seed" | "share" | "leaveOut"> {
  return { seed, share, leaveOut };
}

function same(a: object, b: object): boolean {
  const entries = (value: object): string =>
    JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
  return entries(a) === entries(b);
}
