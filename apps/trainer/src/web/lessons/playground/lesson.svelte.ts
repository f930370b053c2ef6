import type { Proof } from "@stargrad/explain";

import { failureScenes, type FailureScene } from "../../../playground/failures.js";
import {
  linkMark,
  linkOfMark,
  neuronMark,
  neuronOf,
  pointOfMark,
  type NeuronName,
} from "../../../playground/names.js";
import type { Failure } from "../../../playground/runs.js";
import type { LinkName, PlayScene } from "../../../playground/scene.js";
import {
  most,
  mostForks,
  mostTries,
  onGrid,
  type ForkedSettings,
  type ForkSettings,
  type OwnPoint,
  type PlaySettings,
} from "../../../playground/settings.js";
import type { FileChoice, FileColumns } from "../../../playground/table.js";
import { optimizerNames, plainWordsFor } from "../../../playground/words.js";
import type { Score } from "../../../playground/training.js";
import { signed } from "../../../words/numbers.js";
import type { Place } from "../../address.js";
import { announcer } from "../../announce.svelte.js";
import { Lesson, newRunId, type AnyRun } from "../../lesson.svelte.js";
import { Client } from "../../run/client.js";
import { Latest } from "../../run/latest.js";
import { stageAt, stageIds } from "../../stages.js";
import type { PlayQuestions, Progress } from "./messages.js";

/** A run, as far as the page knows it. */
export class RunView implements AnyRun {
  readonly id: number;
  readonly settings: PlaySettings;
  readonly first: number;
  readonly name: string;
  /** The try of another run from which it was forked. */
  readonly from: { readonly run: RunView; readonly try: number } | null;
  scores = $state.raw<readonly Score[]>([]);
  failure = $state.raw<Failure | null>(null);
  /** Whether it has made all tries that were asked for. */
  isDone = $state(false);
  isPaused = $state(false);

  constructor(id: number, settings: PlaySettings, name: string, from: RunView["from"] = null) {
    this.id = id;
    this.settings = settings;
    this.first = from?.try ?? 1;
    this.name = name;
    this.from = from;
  }

  get last(): number {
    return this.first + this.scores.length - 1;
  }

  get isOver(): boolean {
    return this.failure !== null || this.scores.length >= mostTries;
  }
}

/** A color to paint with: 1 for blue, 0 for orange, or nothing, to erase. */
export type Brush = 0 | 1 | "erase";

/** The playground on the page: what is looked at, and what the visitor chose. All numbers come from the worker. */
export class PlayLesson extends Lesson<RunView> {
  scene = $state.raw<PlayScene | null>(null);
  /** The neuron or link that the visitor chose; null: the lesson chooses. */
  #byHand = $state<string | null>(null);
  /** The point that the visitor chose; null: the worst one. */
  point = $state<number | null>(null);
  proof = $state.raw<{ readonly link: string; readonly proof: Proof } | null>(null);
  /** The points while they are painted; null: nothing is painted. */
  painted = $state.raw<readonly OwnPoint[] | null>(null);
  brush = $state<Brush>(1);
  /** Where the keyboard paints. */
  cursor = $state.raw<readonly [number, number]>([0, 0]);
  /** What a file has to choose from. */
  file = $state.raw<{ readonly name: string; readonly columns: FileColumns } | null>(null);
  /** What is wrong with a file. */
  refusal = $state<string | null>(null);
  protected readonly client: Client<PlayQuestions, Progress>;
  readonly #looks = new Latest<{ readonly run: number; readonly try: number; readonly point: number | null }>(
    async (asked) => {
      const scene = await this.client.ask("look", asked);
      if (asked.run === this.present.id) this.#arrive(scene);
    },
  );

  constructor(place: Place<ForkedSettings>) {
    super(place, "try", none);
    this.player.speed = "10";
    this.client = new Client<PlayQuestions, Progress>({
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

  get settings(): PlaySettings {
    return this.present.settings;
  }

  override get here(): Place {
    return { ...super.here, settings: this.forkedSettings };
  }

  /** How many layers there are, with the output. */
  get depth(): number {
    return this.settings.layers.length + 1;
  }

  /** The neuron or link whose arithmetic is shown. */
  get chosen(): string {
    if (this.#byHand !== null) return this.#byHand;
    const isLate = stageIds.indexOf(this.stage) >= stageIds.indexOf("blame");
    if (isLate && this.scene !== null) return linkMark(this.scene.mostBlamed);
    return neuronMark({ layer: this.depth, neuron: 1 });
  }

  get link(): LinkName | null {
    return linkOfMark(this.chosen);
  }

  /** The neuron that is chosen, or at the end of the chosen link. */
  get neuron(): NeuronName {
    const { link } = this;
    return neuronOf(this.chosen) ?? { layer: (link?.layer ?? 0) + 1, neuron: (link?.neuron ?? 0) + 1 };
  }

  /** The neuron whose picture is enlarged; null: the answer is shown. */
  get enlarged(): NeuronName | null {
    const neuron = neuronOf(this.lit) ?? (this.lit === null ? neuronOf(this.#byHand) : null);
    return neuron === null || neuron.layer >= this.depth ? null : neuron;
  }

  /** The scene of a failure whose settings these are. */
  get failureScene(): FailureScene | null {
    const settings = JSON.stringify(this.settings);
    return failureScenes.find((scene) => JSON.stringify(scene.settings) === settings) ?? null;
  }

  /** The settings with which the first run began, and the forks that led to the present one. */
  get forkedSettings(): ForkedSettings {
    const forks: ForkSettings[] = [];
    let run = this.present;
    while (run.from !== null) {
      const { optimizer, learningRate } = run.settings;
      forks.unshift({ try: run.from.try, optimizer, learningRate });
      run = run.from.run;
    }
    return forks.length === 0 ? run.settings : { ...run.settings, forks };
  }

  /** Begins a run of its own, in place of all others; with its forks, each from the one before. */
  begin({ forks = [], ...settings }: ForkedSettings, at = 1): void {
    for (const run of this.runs) this.#tell("close", { run: run.id });
    this.runs = [];
    this.toast = null;
    this.point = null;
    this.#open(new RunView(newRunId(), settings, "this run"), at);
    for (const fork of forks) this.#open(this.#forkOf(fork), at);
  }

  /** Goes on from the present try with another step. Both runs are drawn. */
  fork(step: Omit<ForkSettings, "try">): void {
    if ((this.forkedSettings.forks?.length ?? 0) >= mostForks) {
      this.toast = { text: `There is room for ${mostForks} forks after each other.` };
      return;
    }
    const before = this.present;
    const run = this.#forkOf({ ...step, try: this.try });
    this.#open(run, this.try);
    this.toast = {
      text: `Forked at try ${run.first}: ${optimizerNames[step.optimizer]}, learning rate ${step.learningRate}. The old run is dashed.`,
      undo: () => {
        this.show(before);
      },
    };
  }

  #forkOf({ try: number, optimizer, learningRate }: ForkSettings): RunView {
    const settings = { ...this.present.settings, optimizer, learningRate };
    const name = `from try ${number}: ${optimizerNames[optimizer]}, rate ${learningRate}`;
    return new RunView(newRunId(), settings, name, { run: this.present, try: number });
  }

  /** Puts another run on the screen. */
  show(run: RunView): void {
    this.present = run;
    this.toast = null;
    this.moveTo(Math.min(this.try, run.last));
  }

  /** Opens a run beside the one that it was forked from, and closes all others. */
  #open(run: RunView, at: number): void {
    this.player.stop();
    const kept = this.runs.filter((other) => other === run.from?.run);
    for (const other of this.runs) if (!kept.includes(other)) this.#tell("close", { run: other.id });
    this.runs = [...kept, run];
    this.present = run;
    this.proof = null;
    this.#byHand = null;
    this.awaited = at;
    this.#tellOpen(run);
    this.#goOnTo(at);
  }

  #tellOpen(run: RunView): void {
    const { id, settings, from } = run;
    const ask = {
      run: id,
      settings: JSON.parse(JSON.stringify(settings)) as PlaySettings,
      ...(from && { from: { run: from.run.id, try: from.try } }),
    };
    this.client.ask("open", ask).catch((error: unknown) => {
      // A fork of a try that there is not.
      run.failure = { sentence: error instanceof Error ? error.message : String(error) };
    });
  }

  /** Asks for something whose answer does not matter. If the worker dies meanwhile, everything begins again anyway. */
  #tell<Name extends "pace" | "more" | "close">(name: Name, ask: PlayQuestions[Name]["ask"]): void {
    this.client.ask(name, ask).catch(() => undefined);
  }

  /** The runs again, by a worker that knows none of them. They follow from their settings, bit for bit. */
  #reopen(): void {
    this.runs = [];
    this.begin(this.forkedSettings, this.try);
    this.toast = {
      text: "The worker had stopped. It was started again, and the run was made again, bit for bit.",
    };
  }

  #hear({ run: id, scores, failure, isDone }: Progress): void {
    const run = this.runs.find((one) => one.id === id);
    if (run === undefined) return;
    const news = Array.from({ length: scores.length / 4 }, (_, i): Score => {
      const [mistake, heldOut, right, rightHeldOut] = scores.subarray(4 * i, 4 * i + 4);
      return { mistake, heldOut: Number.isNaN(heldOut) ? null : heldOut, right, rightHeldOut };
    });
    run.scores = [...run.scores, ...news];
    run.failure = failure;
    run.isDone = isDone;
    if (run !== this.present) return;
    this.goToAwaited();
    if (isDone && this.awaited !== null) this.#goOnTo(this.awaited);
  }

  protected pace({ id }: RunView, pace: number): void {
    this.#tell("pace", { run: id, pace });
  }

  protected makeNext({ id }: RunView): void {
    this.#tell("more", { run: id, by: 1 });
  }

  /** A run that has made all tries that were asked for is asked for more. */
  override pause(): void {
    const run = this.present;
    if (run.isDone) {
      this.#tell("more", { run: run.id });
      run.isDone = false;
      return;
    }
    super.pause();
  }

  /** Beyond the last try, the run goes on. */
  override moveTo(number: number): void {
    const { last, isOver } = this.present;
    if (number <= last || isOver) {
      super.moveTo(number);
      return;
    }
    this.awaited = number;
    this.#goOnTo(number);
  }

  #goOnTo(number: number): void {
    const run = this.present;
    if (run.isPaused && number === run.last + 1) this.makeNext(run);
    else if (run.isDone) {
      run.isDone = false;
      this.#tell("more", { run: run.id });
    }
  }

  protected override get hasNext(): boolean {
    return super.hasNext || !this.present.isOver;
  }

  protected lookAt(number: number): void {
    this.#looks.want({ run: this.present.id, try: number, point: this.point });
  }

  #arrive(scene: PlayScene): void {
    if (scene.number !== this.try) this.proof = null;
    this.scene = scene;
    this.try = scene.number;
    this.announce();
  }

  protected restage(): void {
    this.announce();
  }

  /** Chooses a point, a neuron or a link. */
  choose(mark: string): void {
    const point = pointOfMark(mark);
    if (point !== null) this.choosePoint(point);
    else if (neuronOf(mark) !== null || linkOfMark(mark) !== null) {
      this.#byHand = mark === this.#byHand ? null : mark;
      this.proof = null;
    }
  }

  choosePoint(point: number | null): void {
    this.point = point;
    this.lookAt(this.try);
  }

  /** The chosen point, or the one that is shown. */
  pointBy(step: number): void {
    if (this.scene === null) return;
    const { points, pass } = this.scene;
    this.choosePoint((pass.point + step + points.length) % points.length);
  }

  async prove(): Promise<void> {
    const { scene, present } = this;
    const link = this.link ?? scene?.mostBlamed ?? null;
    if (scene === null || link === null) return;
    const proof = await this.client
      .ask("prove", { run: present.id, try: scene.number, link })
      .catch(() => null);
    if (proof === null || this.scene?.number !== scene.number) return;
    this.#byHand = linkMark(link);
    this.proof = { link: linkMark(link), proof };
    announcer.say(`Measured slope ${signed(proof.slope, 4)}, blame ${signed(proof.blame, 4)}`);
  }

  /** Undoes the last choice. */
  undo(): void {
    if (this.proof !== null) this.proof = null;
    else if (this.painted !== null) this.stopPainting();
    else if (this.#byHand !== null) this.#byHand = null;
    else if (this.point !== null) this.choosePoint(null);
    else this.toast = null;
  }

  /** Begins to paint, with the points that are there. */
  startPainting(): void {
    const { scene } = this;
    this.player.stop();
    this.stage = "goal";
    this.painted =
      this.settings.data.own ??
      scene?.points.map(({ x, y, label }) => ({
        x: onGrid(x / scene.view),
        y: onGrid(y / scene.view),
        label,
      })) ??
      [];
  }

  stopPainting(): void {
    this.painted = null;
  }

  /** Paints or erases at a place, with coordinates from −1 to 1. */
  paint([x, y]: readonly [number, number]): void {
    if (this.painted === null) return;
    if (this.brush === "erase") this.erase([x, y]);
    else if (this.painted.length >= most.points) {
      this.toast = { text: `There is room for ${most.points} points. Erase some to paint others.` };
    } else this.painted = [...this.painted, { x: onGrid(x), y: onGrid(y), label: this.brush }];
  }

  erase([x, y]: readonly [number, number]): void {
    this.painted = this.painted?.filter((point) => Math.hypot(point.x - x, point.y - y) > 0.06) ?? null;
  }

  /** Trains on what has been painted. */
  usePainted(): void {
    const own = this.painted;
    if (own === null || own.length < 2) return;
    this.begin({ ...this.settings, data: { ...this.settings.data, own } });
  }

  clearPainted(): void {
    this.painted = [];
  }

  /** Reads a file; what is wrong with it is a sentence. */
  async read(file: File): Promise<void> {
    this.refusal = null;
    this.file = null;
    try {
      this.file = { name: file.name, columns: await this.client.ask("file", { file }) };
    } catch (error) {
      this.refusal = error instanceof Error ? error.message : String(error);
      announcer.say(this.refusal);
    }
  }

  /** Trains on the points of the file that was read. */
  async useFile(choice: FileChoice): Promise<void> {
    try {
      const own = await this.client.ask("points", choice);
      const name = this.file?.name ?? "the file";
      this.file = null;
      this.painted = null;
      this.begin({ ...this.settings, data: { ...this.settings.data, own } });
      this.stage = "goal";
      this.toast = {
        text: `${own.length} points of ${name}: across ${choice.x}, up ${choice.y}; blue is ${choice.label} ${choice.blue}.`,
      };
    } catch (error) {
      this.refusal = error instanceof Error ? error.message : String(error);
    }
  }

  /** Loads a scene of failure. */
  fail(scene: FailureScene): void {
    this.painted = null;
    this.stage = scene.stage;
    this.begin(scene.settings, scene.try);
  }

  recorded(number: number): Promise<string> {
    return this.client.ask("recorded", { run: this.present.id, try: number });
  }

  /** The numbers of any try, without showing it. */
  look(number: number, point: number | null = null): Promise<PlayScene> {
    return this.client.ask("look", { run: this.present.id, try: number, point });
  }

  safetensors(): Promise<Uint8Array<ArrayBuffer>> {
    return this.client.ask("safetensors", { run: this.present.id, try: this.try });
  }

  protected spoken(): string {
    return this.scene === null ? "" : plainWordsFor(this.scene, stageAt(this.stage).name, this.level);
  }
}

const none = new RunView(
  0,
  {
    data: { shape: "spirals", noise: 0, seed: 0 },
    layers: [],
    optimizer: "sgd",
    learningRate: 0,
    seed: 0,
    scale: 1,
    shift: 0,
  },
  "",
);
