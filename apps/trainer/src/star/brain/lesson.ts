import { starPixels } from "@stargrad/datasets";
import { explainStep } from "@stargrad/explain";
import { mseLoss } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { ArgumentError, StargradError, type Tensor } from "@stargrad/tensor";

import type { Point } from "../../terminal/braille-canvas.js";
import { percent } from "../../words/numbers.js";
import { creditOf, type Credit } from "../credit.js";
import { brain } from "./brain.js";

export interface LessonOptions {
  /** The seed of the first weights. */
  readonly seed: number;
  /** The maximum number of tries. */
  readonly tries: number;
  readonly learningRate: number;
}

/** The picture that the network drew, and its distance from the goal. */
export interface Attempt {
  /** Whether each pixel has ink, row by row from the upper left. */
  readonly ink: readonly boolean[];
  /** The number of correct pixels. */
  readonly right: number;
  /** The loss: the mean squared difference between the outputs and the targets, 1 for ink and 0 for paper. */
  readonly mistake: number;
}

export interface Try {
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: Attempt;
  /** The step after the attempt; null if the attempt is good enough. */
  readonly adjustment: Credit | null;
}

/** A picture is good enough if 99 % of its pixels are right. */
export const enough = 0.99;

/** The width and the height of the picture, in pixels. */
export const size = 28;

const pixels = starPixels({ size });
const { x, y } = pixels.batch(Int32Array.from({ length: pixels.length }, (_, i) => i));

/** The centres of the pixels. */
export const centres = x.toArraySync() as Point[];

/** Whether each pixel of the star has ink. */
export const goal: readonly boolean[] = inkOf(y.dataSync());

/**
 * Trains a small neural network to draw the star. Yields one try after the other; the last one is good enough.
 *
 * Throws: StargradError if no try is good enough, or if the steps are so long that the loss is not finite
 */
export async function* lesson({ seed, tries, learningRate }: LessonOptions): AsyncGenerator<Try> {
  const model = brain(seed);
  const optimizer = new Adam(model.parameters(), { learningRate });
  let right = 0;

  for (let number = 1; number <= tries; number++) {
    const answers = model.forward(x);
    const attempt = await readAttempt(answers, mseLoss(answers, y));
    right = attempt.right / pixels.length;
    if (right >= enough) {
      yield { number, attempt, adjustment: null };
      return;
    }

    const explanation = await explainStep({
      parameters: model.namedParameters(),
      loss: () => mseLoss(model.forward(x), y),
      step: () => {
        optimizer.step();
      },
    }).catch((error: unknown) => {
      throw error instanceof ArgumentError ? divergedError(number, learningRate) : error;
    });
    yield { number, attempt, adjustment: creditOf(explanation) };
  }
  throw outOfTriesError(tries, right);
}

async function readAttempt(answers: Tensor, mistake: Tensor): Promise<Attempt> {
  const ink = inkOf(await answers.data());
  const right = ink.filter((value, pixel) => value === goal[pixel]).length;
  return { ink, right, mistake: await mistake.item() };
}

/** A pixel has ink if the output of the network is nearer to 1 than to 0. */
function inkOf(answers: ArrayLike<number>): boolean[] {
  return Array.from(answers, (answer) => answer > 0.5);
}

function divergedError(number: number, learningRate: number): StargradError {
  return new StargradError(
    "star",
    `in try ${number} the mistake grew too large to be a number`,
    `The learning rate ${learningRate} is too large; try 0.02`,
  );
}

function outOfTriesError(tries: number, right: number): StargradError {
  return new StargradError(
    "star",
    `not good enough after ${tries} ${tries === 1 ? "try" : "tries"}: ${percent(right, 1)} of the pixels are right, ` +
      `and ${percent(enough, 0)} are needed`,
    "Allow more with --tries, or change --learning-rate",
  );
}
