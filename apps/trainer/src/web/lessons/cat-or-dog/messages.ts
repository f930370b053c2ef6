import type { Stroke } from "@stargrad/datasets";

import type { End } from "../../../cat-or-dog/memory.js";
import type { Answered, MarkProof, Picture, Scene } from "../../../cat-or-dog/scene.js";
import type { Test } from "../../../cat-or-dog/tested.js";
import type { CatSettings } from "../../../cat-or-dog/training.js";
import type { PaceQuestions } from "../../run/going.js";

// What the page of cats and dogs asks its worker. `run` is a number that the page chooses.

interface OfRun {
  readonly run: number;
}

interface OfStep extends OfRun {
  readonly try: number;
}

interface OfPicture extends OfStep {
  readonly picture: Picture;
}

export type CatQuestions = PaceQuestions & {
  /** Begins a run, a fork of one, or the one that was saved. Its steps arrive as events. */
  open: {
    ask: OfRun & {
      readonly settings: CatSettings;
      readonly from?: OfStep;
      /** Whether to go on from what was saved, if it was a run with these settings. */
      readonly resume?: boolean;
      readonly pace: number;
    };
    /** The number of steps that were saved; null for a new run. */
    answer: number | null;
  };
  /** The numbers of a step for a picture, computed again from where it began. */
  look: { ask: OfPicture; answer: Scene };
  prove: { ask: OfPicture & { readonly mark: string }; answer: MarkProof };
  wiggle: { ask: OfPicture & { readonly pixel: number; readonly by: number }; answer: Answered };
  /** What the net says now, while it learns. */
  now: {
    ask: OfRun & { readonly picture: Picture };
    answer: Answered & { readonly after: number };
  };
  /** The fingerprint of the weights at the beginning of a step, as recorded when it was made. */
  recorded: { ask: OfStep; answer: string };
  /** The ink of all held-out drawings, one byte for a pixel. */
  heldOut: { ask: object; answer: Uint8Array };
  /** The pixels of a drawing of the visitor. */
  draw: { ask: { readonly strokes: readonly Stroke[] }; answer: Float32Array };
  /** The pixels of a picture file. Fails with a sentence. */
  read: { ask: { readonly file: Blob }; answer: Float32Array };
};

/** New steps and tests of a run, or what was not saved. */
export interface Progress {
  readonly run: number;
  /** The number of the first step in `mistakes`. */
  readonly first: number;
  readonly mistakes: Float64Array<ArrayBuffer>;
  readonly tests: readonly Test[];
  readonly end: End | null;
  /** Why the run could not be saved. */
  readonly notice: string | null;
}
