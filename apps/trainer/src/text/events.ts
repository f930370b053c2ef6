import type { Baselines } from "./baselines.js";
import type { Passages } from "./passages.js";
import type { Settings } from "./settings.js";

/*
 * What a run tells of itself: its reporter is told, and puts it into words.
 */

/** What is about to happen. */
export interface Beginning extends Passages {
  readonly settings: Settings;
  /** How many numbers the model has. */
  readonly parameters: number;
  /** The file with the text. */
  readonly source: string;
  /** Where the run is saved; undefined if it is not. */
  readonly destination: string | undefined;
  /** How many steps are done. */
  readonly step: number;
  readonly steps: number;
  /** After how many steps it is measured and saved. */
  readonly every: number;
}

/** A step that was taken. */
export interface Step {
  /** Counted from 1. */
  readonly step: number;
  /** How many steps the run has in all. */
  readonly steps: number;
  /** On its own passages, before it. */
  readonly loss: number;
  readonly learningRate: number;
}

/** How things stand after a step. */
export interface Report {
  readonly step: number;
  /** How many steps the run has in all. */
  readonly steps: number;
  /** On the text that is kept for validation, in nats per character. */
  readonly validationLoss: number;
  /** What the model writes. */
  readonly sample: string;
  /** Since the command began. */
  readonly seconds: number;
}

/** What a run came to, and what it had to beat. */
export interface Outcome extends Report, Baselines {}
