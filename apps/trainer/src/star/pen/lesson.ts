import type { StepExplanation } from "@stargrad/explain";
import { StargradError } from "@stargrad/tensor";

import { percent } from "../../words/numbers.js";
import { creditOf, type Credit } from "../credit.js";
import { PenTraining, worstOf, type Attempt, type PenSettings } from "./training.js";
import { tolerance } from "./sizes.js";

export interface LessonOptions extends PenSettings {
  /** The maximum number of tries. */
  readonly tries: number;
}

/** One parameter of the pen, its gradient and its step. */
export interface Knob {
  readonly kind: "direction" | "length";
  /** Counted from 1. */
  readonly stroke: number;
  /** The gradient of the loss, per radian or per unit of the drawing. */
  readonly blame: number;
  /** The change of the parameter in this step, in the same units. */
  readonly turn: number;
}

export interface Adjustment extends Credit {
  readonly mostBlamed: Knob;
}

export interface Try {
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: Attempt;
  /** The step after the attempt; null if the attempt is perfect. */
  readonly adjustment: Adjustment | null;
}

/**
 * Trains a pen to draw the star. Yields one try after the other; the last one is perfect.
 *
 * Throws: StargradError if no try is perfect, or if the steps are so long that the training diverges
 */
export async function* lesson({ tries, ...settings }: LessonOptions): AsyncGenerator<Try> {
  const training = new PenTraining(settings);
  let worst = Infinity;

  for (let number = 1; number <= tries; number++) {
    const attempt = await training.attempt(number);
    worst = worstOf(attempt);
    if (worst <= tolerance) {
      yield { number, attempt, adjustment: null };
      return;
    }
    yield { number, attempt, adjustment: adjustmentOf(await training.explain(number)) };
  }
  throw outOfTriesError(tries, worst);
}

export function adjustmentOf(explanation: StepExplanation): Adjustment {
  return { mostBlamed: mostBlamed(explanation), ...creditOf(explanation) };
}

function mostBlamed(explanation: StepExplanation): Knob {
  const [{ parameter, index, blame, change }] = explanation.largest(1, "blame");
  return {
    kind: parameter === "directions" ? "direction" : "length",
    stroke: index[0] + 1,
    blame,
    turn: change,
  };
}

function outOfTriesError(tries: number, worst: number): StargradError {
  return new StargradError(
    "star",
    `not perfect after ${tries} ${tries === 1 ? "try" : "tries"}: the worst corner still misses by ` +
      `${percent(worst, 1)} of the star's size, and ${percent(tolerance, 0)} are allowed`,
    "Allow more with --tries, or change --learning-rate or --momentum",
  );
}
