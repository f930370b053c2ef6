import type { Scene } from "../../../star/pen/scene.js";
import type { PenSettings } from "../../../star/pen/training.js";
import { Client } from "../../run/client.js";
import type { Progress, StarQuestions } from "./messages.js";

interface Frame {
  readonly number: number | null;
  readonly scene: Scene | null;
}

const run = 1;

/** Early tries are shown at once; the last one is known when the run has ended. */
const early = [1, 2, 5, 10, 20];

/** Six tries of a run, as they are made. */
export class TryGallery {
  frames = $state.raw<readonly Frame[]>([
    ...early.map((number) => ({ number, scene: null })),
    { number: null, scene: null },
  ]);
  sentence = $state("a run is being made");
  /** The mistake of each try so far. */
  mistakes = $state.raw<readonly number[]>([]);
  readonly #client: Client<StarQuestions, Progress>;
  #last = 0;

  constructor(settings: PenSettings) {
    this.#client = new Client<StarQuestions, Progress>({
      start: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      onEvent: (progress) => {
        this.#hear(progress);
      },
      onRestart: () => {
        this.mistakes = [];
        this.#open(settings);
      },
    });
    this.#open(settings);
  }

  #open(settings: PenSettings): void {
    this.#client.ask("open", { run, settings, pace: Infinity }).catch(() => undefined);
  }

  #hear({ first, mistakes, end }: Progress): void {
    const before = this.#last;
    this.#last = first + mistakes.length - 1;
    this.mistakes = [...this.mistakes, ...mistakes];
    for (const [i, number] of early.entries())
      if (number > before && number <= this.#last) void this.#show(i, number);
    if (end?.kind !== "perfect") return;
    this.sentence = `perfect after ${this.#last} tries`;
    void this.#show(early.length, this.#last);
  }

  async #show(place: number, number: number): Promise<void> {
    const scene = await this.#client.ask("look", { run, try: number });
    this.frames = this.frames.map((frame, i) => (i === place ? { number, scene } : frame));
  }

  close(): void {
    this.#client.close();
  }
}
