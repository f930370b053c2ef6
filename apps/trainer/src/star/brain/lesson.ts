import { StargradError } from "@stargrad/tensor";

import type { Point } from "../../terminal/braille-canvas.js";
import { percent } from "../../words/numbers.js";
import { creditOf, type Credit } from "../credit.js";
import { enough, usual } from "./sizes.js";
import { BrainTraining, goal, x, type Attempt } from "./training.js";

export { enough, size } from "./sizes.js";
export { goal, type Attempt } from "./training.js";

export interface LessonOptions {
  /** The seed of the first weights. */
  readonly seed: number;
  /** The maximum number of tries. */
  readonly tries: number;
  readonly learningRate: number;
}

export interface Try {
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: Attempt;
  /** The step after the attempt; null if the attempt is good enough. */
  readonly adjustment: Credit | null;
}

/** The centres of the pixels. */
export const centres = x.toArraySync() as Point[];

/**
 * Trains a small neural network to draw the star. Yields one try after the other; the last one is good enough.
 *
 * Throws: StargradError if no try is good enough, or if the steps are so long that the loss is not finite
 */
export async function* lesson({ seed, tries, learningRate }: LessonOptions): AsyncGenerator<Try> {
  const training = new BrainTraining({ ...usual, seed, learningRate });
  let right = 0;

  for (let number = 1; number <= tries; number++) {
    const attempt = await training.attempt(number);
    right = attempt.right / goal.length;
    if (training.isGood(attempt)) {
      yield { number, attempt, adjustment: null };
      return;
    }
    yield { number, attempt, adjustment: creditOf(await training.explain(number)) };
  }
  throw outOfTriesError(tries, right);
}

function outOfTriesError(tries: number, right: number): StargradError {
  return new StargradError(
    "star",
    `not good enough after ${tries} ${tries === 1 ? "try" : "tries"}: ${percent(right, 1)} of the pixels are right, ` +
      `and ${percent(enough, 0)} are needed`,
    "Allow more with --tries, or change --learning-rate",
  );
}
