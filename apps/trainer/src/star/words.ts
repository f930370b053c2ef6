import { starSize } from "@stargrad/datasets";

import { percent, short } from "../terminal/text.js";
import { tolerance, type Adjustment, type Attempt, type Knob, type Try } from "./lesson.js";

/** One stage of a try, in words. */
export interface Stage {
  readonly name: "Goal" | "Attempt" | "Mistake" | "Blame" | "Adjust" | "Again";
  readonly words: string;
}

/** What happens in a try, told so that a child can follow, with the numbers of this very try. */
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
    { name: "Adjust", words: adjustWords(adjustment, 2 * strokes) },
    { name: "Again", words: againWords(adjustment, momentum) },
  ];
}

function attemptWords(number: number, strokes: number): string {
  return number === 1
    ? `Try 1. The pen follows its ${2 * strokes} knobs: a direction and a length for each stroke. It cannot see the star.`
    : `Try ${number}. The pen follows its knobs, as the last try left them.`;
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

function adjustWords({ mostBlamed, promised }: Adjustment, knobs: number): string {
  const { blame, turn } = mostBlamed;
  const turned = turnWords(mostBlamed);
  const made = blame * turn > 0 ? `It is still rolling, ${turned} for now.` : `Now it is ${turned}.`;
  const outlook = `mistake ${promised > 0 ? "down" : "up"} by ${short(Math.abs(promised))}`;
  return `${made} All ${knobs} turns together promise: ${outlook}.`;
}

function turnWords({ kind, turn }: Knob): string {
  const size = Math.abs(turn);
  if (kind === "length") return `${percent(size / starSize)} ${turn > 0 ? "longer" : "shorter"}`;
  const degrees = `${((180 / Math.PI) * size).toFixed(1)}°`;
  return `turned ${degrees} ${turn > 0 ? "counter-clockwise" : "clockwise"}`;
}

function againWords({ promised, paid }: Adjustment, momentum: number): string {
  if (paid <= 0) {
    const reason = momentum > 0 ? "We rolled past it. That is momentum." : "The step was too long.";
    return `The mistake grew by ${short(-paid)}. ${reason}`;
  }
  if (promised <= 0) return `Paid ${short(paid)} all the same.`;
  if (paid >= promised) return `Paid ${short(paid)}, even more than promised.`;
  return `Paid ${short(paid)}, ${percent(paid / promised)} of the promise.`;
}
