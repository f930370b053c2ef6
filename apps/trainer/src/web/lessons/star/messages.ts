import type { End } from "../../../star/runs.js";
import type { Path } from "../../../star/path.js";
import type { KnobProof, Scene } from "../../../star/pen/scene.js";
import type { Attempt, PenSettings } from "../../../star/pen/training.js";
import type { PaceQuestions } from "../../run/going.js";

// What a page of the star asks its worker: the pen's, and in the same way the brain's. `run` is a number that the page chooses.

/** What the questions of a rung are about. */
export interface RungTypes {
  readonly settings: object;
  readonly scene: { readonly number: number };
  readonly path: unknown;
  /** What is drawn with a knob turned by hand. */
  readonly attempt: { readonly mistake: number };
  readonly proof: { readonly id: string; readonly slope: number; readonly blame: number };
}

export interface PenTypes extends RungTypes {
  readonly settings: PenSettings;
  readonly scene: Scene;
  readonly path: Path;
  readonly attempt: Attempt;
  readonly proof: KnobProof;
}

export interface OfTry {
  readonly run: number;
  readonly try: number;
}

export type TryQuestions<Rung extends RungTypes> = PaceQuestions & {
  /** Begins a run, or a fork of one. Its tries arrive as events. */
  open: {
    ask: {
      readonly run: number;
      readonly settings: Rung["settings"];
      readonly from?: OfTry;
      readonly pace: number;
    };
    answer: null;
  };
  /** The numbers of a try, computed again from where it began. */
  look: { ask: OfTry; answer: Rung["scene"] };
  path: { ask: OfTry; answer: Rung["path"] };
  wiggle: { ask: OfTry & { readonly knob: string; readonly by: number }; answer: Rung["attempt"] };
  prove: { ask: OfTry & { readonly knobs: readonly string[] }; answer: readonly Rung["proof"][] };
  /** The bytes of the knobs at the beginning of a try, as recorded when it was made. */
  recorded: { ask: OfTry; answer: string };
};

export type StarQuestions = TryQuestions<PenTypes>;

/** New tries of a run. */
export interface Progress {
  readonly run: number;
  /** The number of the first try in `mistakes`. */
  readonly first: number;
  readonly mistakes: Float64Array<ArrayBuffer>;
  readonly end: End | null;
}
