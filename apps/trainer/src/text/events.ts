import type { Baselines } from "./baselines.js";
import type { Passages } from "./passages.js";
import type { Settings } from "./settings.js";

/*
 * The events of a run. The run passes them to its reporter, which formats them.
 */

/** The start of the run. */
export interface Beginning extends Passages {
  readonly settings: Settings;
  /** The number of weights of the model. */
  readonly parameters: number;
  /** The file with the text. */
  readonly source: string;
  /** Where the run is saved. */
  readonly destination: string;
  /** The number of completed steps. */
  readonly step: number;
  readonly steps: number;
  /** After how many steps the run is evaluated and saved, each time. */
  readonly every: number;
}

/** A completed step. */
export interface TrainingStep {
  /** Counted from 1. */
  readonly step: number;
  /** The total number of steps of the run. */
  readonly steps: number;
  /** The loss of the step's own batch, before its update. */
  readonly loss: number;
  readonly learningRate: number;
}

/** The state of the run after a step. */
export interface Report {
  readonly step: number;
  /** The total number of steps of the run. */
  readonly steps: number;
  /** The loss on the validation text, in nats per character. */
  readonly validationLoss: number;
  /** A text that the model wrote. */
  readonly sample: string;
  /** The time since the command began. */
  readonly seconds: number;
}

/** The result of a run, and the baselines to compare it with. */
export interface Outcome extends Report, Baselines {}
