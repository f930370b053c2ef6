import { starPixels } from "@stargrad/datasets";
import { explainStep } from "@stargrad/explain";
import { mseLoss } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import { ArgumentError, StargradError, type Tensor } from "@stargrad/tensor";

import type { Point } from "../../terminal/braille-canvas.js";
import { percent } from "../../terminal/text.js";
import { creditOf, type Credit } from "../credit.js";
import { brain } from "./brain.js";

export interface LessonOptions {
  /** Which first weights. */
  readonly seed: number;
  /** How many tries the brain gets. */
  readonly tries: number;
  readonly learningRate: number;
}

/** What the brain drew, and how far it is from the goal. */
export interface Attempt {
  /** Whether it put ink there, for each pixel, row by row from the upper left. */
  readonly ink: readonly boolean[];
  /** How many pixels are as they should be. */
  readonly right: number;
  /** The mean squared difference of its answers from 1 for ink and 0 for paper. */
  readonly mistake: number;
}

export interface Try {
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: Attempt;
  /** What was made of the attempt; null once it is good enough. */
  readonly adjustment: Credit | null;
}

/** Good enough is a picture with 99 % of its pixels right. */
export const enough = 0.99;

/** Pixels in a row of the picture, and rows. */
export const size = 28;

const pixels = starPixels({ size });
const { x, y } = pixels.batch(Int32Array.from({ length: pixels.length }, (_, i) => i));

/** Where the pixels are. */
export const centres = x.toArraySync() as Point[];

/** Where the star has ink. */
export const goal: readonly boolean[] = inkOf(y.dataSync());

/**
 * Teaches a brain to draw the star, one try after the other, up to the one that is good enough.
 *
 * Throws: StargradError if the tries run out, or if the steps are so long that the mistake is no number any more
 */
export async function* lesson({ seed, tries, learningRate }: LessonOptions): AsyncGenerator<Try> {
  const model = brain(seed);
  const optimizer = new Adam(model.parameters(), { learningRate });
  let right = 0;

  for (let number = 1; number <= tries; number++) {
    const answers = model.forward(x);
    const attempt = await look(answers, mseLoss(answers, y));
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
      throw error instanceof ArgumentError ? burst(number, learningRate) : error;
    });
    yield { number, attempt, adjustment: creditOf(explanation) };
  }
  throw ranOut(tries, right);
}

async function look(answers: Tensor, mistake: Tensor): Promise<Attempt> {
  const ink = inkOf(await answers.data());
  const right = ink.filter((value, pixel) => value === goal[pixel]).length;
  return { ink, right, mistake: await mistake.item() };
}

/** There is ink where the answer is nearer to 1 than to 0. */
function inkOf(answers: ArrayLike<number>): boolean[] {
  return Array.from(answers, (answer) => answer > 0.5);
}

function burst(number: number, learningRate: number): StargradError {
  return new StargradError(
    "star",
    `in try ${number} the mistake grew too large to be a number`,
    `The learning rate ${learningRate} is too large; try 0.02`,
  );
}

function ranOut(tries: number, right: number): StargradError {
  return new StargradError(
    "star",
    `not good enough after ${tries} ${tries === 1 ? "try" : "tries"}: ${percent(right, 1)} of the pixels are right, ` +
      `and ${percent(enough, 0)} are needed`,
    "Allow more with --tries, or change --learning-rate",
  );
}
