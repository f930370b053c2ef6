import type { OwnText } from "../../../text/live/own-text.js";
import type { End, LetterAt, Report, Wish } from "../../../text/live/runs.js";
import type { Account, Letter, LetterProof, PassageKind, Scene, Wiggled } from "../../../text/live/scene.js";
import type { LiveSettings } from "../../../text/live/sizes.js";
import type { PaceQuestions } from "../../run/going.js";

// What the page of the text lesson asks its worker. `run` is a number that the page chooses.

interface OfRun {
  readonly run: number;
}

interface OfTry extends OfRun {
  readonly try: number;
}

/** What is learned, and the losses of two simple guessers on the part that is held out. */
export interface TextFacts {
  readonly name: string;
  readonly characters: number;
  readonly different: number;
  readonly heldOut: number;
  readonly knobs: number;
  readonly unigramLoss: number;
  readonly bigramLoss: number;
}

/** Which text: the tales, that of the run before, or one of the visitor. */
export type TextChoice = "tales" | "same" | OwnText;

export interface Opened {
  readonly facts: TextFacts;
}

/** A run that the browser kept. */
export interface Resumed extends Opened {
  readonly settings: LiveSettings;
  readonly first: number;
  readonly losses: readonly number[];
  readonly reports: readonly Report[];
  readonly end: End | null;
}

export type TextQuestions = PaceQuestions & {
  /** Goes on with the run that the browser kept, if it has these settings; null if there is none. */
  resume: { ask: OfRun & { readonly settings: LiveSettings; readonly pace: number }; answer: Resumed | null };
  /** Begins a run, or a fork of one. Its steps arrive as events. A text that cannot be learned from is refused with a sentence. */
  open: {
    ask: OfRun & {
      readonly settings: LiveSettings;
      readonly text: TextChoice;
      readonly from?: OfTry;
      readonly pace: number;
    };
    answer: Opened | { readonly refused: string };
  };
  /** The numbers of a step before its update, computed again. */
  look: { ask: OfTry & { readonly kind: PassageKind }; answer: Scene };
  account: { ask: OfTry & { readonly kind: PassageKind }; answer: Account };
  letter: { ask: OfRun & LetterAt; answer: Letter };
  prove: { ask: OfRun & LetterAt; answer: LetterProof };
  /** The surprise after one number of a letter was turned by hand. */
  wiggle: { ask: OfRun & LetterAt & Wiggled; answer: number };
  /** Continues a text with the model of a step; its letters arrive as events, before the answer. */
  write: { ask: OfTry & Wish; answer: { readonly text: string } | { readonly refused: string } };
  /** The fingerprint of the weights before a step, as recorded when it was made; null between recorded states. */
  recorded: { ask: OfTry; answer: string | null };
  replay: { ask: OfTry; answer: { readonly fingerprint: string; readonly losses: readonly number[] } };
};

export type TextEvent =
  | {
      /** New steps of a run, and what it wrote. */
      readonly kind: "progress";
      readonly run: number;
      readonly losses: Float64Array<ArrayBuffer>;
      readonly reports: readonly Report[];
      readonly end: End | null;
    }
  | { readonly kind: "written"; readonly run: number; readonly text: string }
  /** The browser has kept a run, after so many of its steps. */
  | { readonly kind: "saved"; readonly run: number; readonly last: number }
  | { readonly kind: "notice"; readonly sentence: string };
