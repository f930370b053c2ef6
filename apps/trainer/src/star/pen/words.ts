import { starSize } from "@stargrad/datasets";

import { percent, short } from "../../terminal/text.js";
import { paidWords, promiseWords } from "../credit.js";
import type { Stage } from "../stages.js";
import { tolerance, type Adjustment, type Attempt, type Knob, type Try } from "./lesson.js";

/** Tells a try in words that a child understands, with the numbers of this try. */
export function stagesOf({ number, attempt, adjustment }: Try, momentum: number): Stage[] {
  const strokes = attempt.corners.length;
  const stages: Stage[] = [
    { name: "Goal", words: `Draw the dotted star: ${strokes} strokes, from corner to corner.` },
    { name: "Attempt", words: attemptWords(number, strokes) },
    { name: "Mistake", words: mistakeWords(attempt) },
  ];
  if (adjustment === null) {
    const words = `No need. Every corner is within ${percent(tolerance, 0)}: a perfect star!`;
    return [...stages, { name: "Again", words }];
  }
  return [
    ...stages,
    { name: "Blame", words: blameWords(adjustment.mostBlamed, strokes) },
    { name: "Adjust", words: adjustWords(adjustment) },
    { name: "Again", words: paidWords(adjustment, causeOfGrowth(momentum)) },
  ];
}

function attemptWords(number: number, strokes: number): string {
  return number === 1
    ? `Try 1. The pen follows its ${2 * strokes} knobs: a direction and a length for each stroke. It cannot see the star.`
    : `Try ${number}. The pen follows its knobs as they are now.`;
}

function mistakeWords({ misses, mistake }: Attempt): string {
  const average = misses.reduce((sum, miss) => sum + miss, 0) / misses.length;
  const worst = Math.max(...misses);
  return (
    `Corners miss by ${percent(average)} of the star's size on average. ` +
    `Worst: corner ${misses.indexOf(worst) + 1}, by ${percent(worst)}. Mistake score ${short(mistake)}.`
  );
}

function blameWords({ kind, stroke, blame }: Knob, strokes: number): string {
  const from = stroke === 1 ? "the top" : `corner ${stroke - 1}`;
  const fault =
    kind === "length"
      ? `is too ${blame > 0 ? "long" : "short"}`
      : `points too far ${blame > 0 ? "counter-clockwise" : "clockwise"}`;
  const dependents =
    stroke === strokes ? `Corner ${stroke} hangs` : `Corners ${stroke} to ${strokes} all hang`;
  return `Mostly stroke ${stroke}, from ${from} to ${stroke}: it ${fault} (blame ${short(Math.abs(blame))}). ${dependents} on it.`;
}

function adjustWords(adjustment: Adjustment): string {
  const { blame, turn } = adjustment.mostBlamed;
  const turned = turnWords(adjustment.mostBlamed);
  const made = blame * turn > 0 ? `It is still rolling, ${turned} for now.` : `Now it is ${turned}.`;
  return `${made} ${promiseWords(adjustment)}`;
}

function turnWords({ kind, turn }: Knob): string {
  const size = Math.abs(turn);
  if (kind === "length") return `${percent(size / starSize)} ${turn > 0 ? "longer" : "shorter"}`;
  const degrees = `${((180 / Math.PI) * size).toFixed(1)}°`;
  return `turned ${degrees} ${turn > 0 ? "counter-clockwise" : "clockwise"}`;
}

function causeOfGrowth(momentum: number): string {
  return momentum > 0 ? "We rolled past it. That is momentum." : "The step was too long.";
}
