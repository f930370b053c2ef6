import { percent, short } from "../../terminal/text.js";
import { paidWords, promiseWords, type Credit } from "../credit.js";
import type { Stage } from "../stages.js";
import { enough, goal, type Attempt, type Try } from "./lesson.js";

/** What happens in a try, told so that a child can follow, with the numbers of this very try. */
export function stagesOf({ number, attempt, adjustment }: Try): Stage[] {
  const stages: Stage[] = [
    {
      name: "Attempt",
      words: `Try ${number}. “Is there ink?” Asked ${goal.length} times, once for each little square.`,
    },
    { name: "Mistake", words: mistakeWords(attempt) },
  ];
  if (adjustment === null) {
    const words = `No need. At least ${percent(enough, 0)} of the squares are right: that is a star!`;
    return [...stages, { name: "Again", words }];
  }
  return [
    ...stages,
    { name: "Adjust", words: promiseWords(adjustment) },
    { name: "Again", words: paidWords(adjustment, excuse(adjustment)) },
  ];
}

function mistakeWords({ ink, right, mistake }: Attempt): string {
  const score = `Mistake score ${short(mistake)}.`;
  const share = `${right} squares are right, ${percent(right / goal.length, 1)}`;
  if (ink.includes(true)) return `${share}. ${score}`;
  return `${share}, on a blank sheet: most of it is paper, so “no ink” is the safest guess. ${score}`;
}

/** A step against the blame should help; if it does not, it went too far. One along it is what is left of older steps. */
function excuse({ promise }: Credit): string {
  return promise > 0 ? "The step was too long." : "We rolled past it. That is momentum.";
}
