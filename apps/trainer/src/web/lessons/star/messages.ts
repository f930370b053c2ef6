import type { End } from "../../../star/pen/runs.js";
import type { KnobProof, Path, Scene } from "../../../star/pen/scene.js";
import type { Attempt, PenSettings } from "../../../star/pen/training.js";

// What the page of the star asks its worker. `run` is a number that the page chooses.

interface OfTry {
  readonly run: number;
  readonly try: number;
}

export type StarQuestions = {
  /** Begins a run, or a fork of one. Its tries arrive as events. */
  open: {
    ask: {
      readonly run: number;
      readonly settings: PenSettings;
      readonly from?: OfTry;
      readonly pace: number;
    };
    answer: null;
  };
  /** How many tries a second a run makes: 0 pauses it, Infinity lets it go as fast as it can. */
  pace: { ask: { readonly run: number; readonly pace: number }; answer: null };
  /** Makes one more try of a paused run. */
  step: { ask: { readonly run: number }; answer: null };
  close: { ask: { readonly run: number }; answer: null };
  /** The numbers of a try, computed again from where it began. */
  look: { ask: OfTry; answer: Scene };
  path: { ask: OfTry; answer: Path };
  wiggle: { ask: OfTry & { readonly knob: string; readonly by: number }; answer: Attempt };
  prove: { ask: OfTry & { readonly knobs: readonly string[] }; answer: readonly KnobProof[] };
  /** The bytes of the knobs at the beginning of a try, as recorded when it was made. */
  recorded: { ask: OfTry; answer: string };
};

/** New tries of a run. */
export interface Progress {
  readonly run: number;
  /** The number of the first try in `mistakes`. */
  readonly first: number;
  readonly mistakes: Float64Array<ArrayBuffer>;
  readonly end: End | null;
}
