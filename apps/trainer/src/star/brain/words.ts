import { percent, short } from "../../words/numbers.js";
import { paidWords, promiseWords, type Credit } from "../credit.js";
import { say, type Rich } from "../../words/rich.js";
import type { Stage } from "../stages.js";
import { enough, goal, type Attempt, type Try } from "./lesson.js";

/** Tells a try in words that a child understands, with the numbers of this try. */
export function stagesOf({ number, attempt, adjustment }: Try): Stage[] {
  const stages: Stage[] = [
    {
      name: "Attempt",
      words: say`Try ${number}. “Is there ink?” Asked ${goal.length} times, once for each little square.`,
    },
    { name: "Mistake", words: mistakeWords(attempt) },
  ];
  if (adjustment === null) {
    const words = say`No need. At least ${percent(enough, 0)} of the squares are right: that is a star!`;
    return [...stages, { name: "Again", words }];
  }
  return [
    ...stages,
    { name: "Adjust", words: promiseWords(adjustment) },
    { name: "Again", words: paidWords(adjustment, causeOfGrowth(adjustment)) },
  ];
}

function mistakeWords({ ink, right, mistake }: Attempt): Rich {
  const score = `Mistake score ${short(mistake)}.`;
  const share = `${right} squares are right, ${percent(right / goal.length, 1)}`;
  if (ink.includes(true)) return say`${share}. ${score}`;
  return say`${share}, on a blank sheet: most of it is paper, so “no ink” is the safest guess. ${score}`;
}

/**
 * Why a try made the loss larger. A step against the gradient (promise > 0) was too long. A step along the gradient
 * comes from the momentum of earlier steps.
 */
function causeOfGrowth({ promise }: Credit): string {
  return promise > 0 ? "The step was too long." : "We rolled past it. That is momentum.";
}
