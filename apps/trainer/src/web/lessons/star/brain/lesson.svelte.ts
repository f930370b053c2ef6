import type { Scene, Trace } from "../../../../star/brain/scene.js";
import { indexOf, layerOf, neuronOf, size, type BrainSettings } from "../../../../star/brain/sizes.js";
import { plainWordsFor } from "../../../../star/brain/words.js";
import type { Place } from "../../../address.js";
import { Latest } from "../../../run/latest.js";
import { stageAt, type StageId } from "../../../stages.js";
import type { OfTry } from "../messages.js";
import { TriesLesson } from "../tries.svelte.js";
import type { BrainTypes, MoreQuestions } from "./messages.js";

/** The knob that explains the forward pass: one multiplication. */
const exampleKnob = "x-a1";

/** The brain on the page: what is looked at, and what the visitor chose. All numbers come from the worker. */
export class BrainLesson extends TriesLesson<BrainTypes, MoreQuestions> {
  /** How the chosen square goes forward and back; null while it is computed. */
  trace = $state.raw<Trace | null>(null);
  /** The square that the visitor chose; null: the most wrong one. */
  #square = $state<number | null>(null);
  readonly #traces = new Latest<OfTry & { readonly square: number }>(async (asked) => {
    const trace = await this.client.ask("trace", asked);
    if (asked.run === this.present.id && asked.square === this.square) this.trace = trace;
  });

  constructor(place: Place<BrainSettings>) {
    super(place, {
      worker: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      plain: ({ rung, seed, learningRate, optimizer, activation, start }) => ({
        rung,
        seed,
        learningRate,
        optimizer,
        activation,
        start,
      }),
      named: ({ learningRate, optimizer }) => `${optimizer}, learning rate ${learningRate}`,
      press: 0.05,
    });
    this.begin(place.settings, place.try);
  }

  chosenAt(stage: StageId): string {
    if (this.byHand !== null) return this.byHand;
    return this.isLate(stage) && this.scene !== null ? this.scene.mostBlamed : exampleKnob;
  }

  /** The neuron that the chosen knob leads to. */
  get neuron(): string {
    return neuronOf(this.chosen);
  }

  /** The knobs into that neuron. */
  get listed(): string[] {
    return (this.scene?.knobs ?? []).map(({ id }) => id).filter((id) => neuronOf(id) === this.neuron);
  }

  get square(): number {
    return this.#square ?? this.scene?.worst ?? 0;
  }

  protected hasStep({ step }: Scene): boolean {
    return step !== null;
  }

  protected spoken(): string {
    return this.scene === null ? "" : plainWordsFor(this.scene, stageAt(this.stage).name, this.level);
  }

  protected override forget(): void {
    this.#square = null;
    this.trace = null;
  }

  protected override arrived(): void {
    const { scene, square, present } = this;
    if (scene === null) return;
    this.trace = null;
    this.#traces.want({ run: present.id, try: scene.number, square });
  }

  /** Chooses a knob, a neuron (its most blamed knob) or a square. */
  choose(mark: string): void {
    const square = /^s(\d+)$/.exec(mark)?.[1];
    if (square !== undefined) this.chooseSquare(Number(square));
    else if (indexOf(mark) >= 0) this.take(mark);
    else if (layerOf(mark) > 0) this.take(this.#mostBlamedInto(mark));
  }

  #mostBlamedInto(neuron: string): string {
    const knobs = this.scene?.knobs.filter(({ id }) => neuronOf(id) === neuron) ?? [];
    const sizes = knobs.map(({ blame }) => Math.abs(blame));
    return knobs[sizes.indexOf(Math.max(...sizes))]?.id ?? `1-${neuron}`;
  }

  chooseSquare(square: number): void {
    this.#square = square;
    this.arrived();
  }

  /** Goes to the square beside the chosen one. */
  moveSquare(right: number, up: number): void {
    const [row, column] = [Math.floor(this.square / size) - up, (this.square % size) + right];
    if (row >= 0 && row < size && column >= 0 && column < size) this.chooseSquare(row * size + column);
  }

  protected override undoChoice(): void {
    super.undoChoice();
    this.#square = null;
    this.arrived();
  }
}
